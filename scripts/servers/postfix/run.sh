#!/bin/bash
# Runs a Postfix of its own on loopback, with nothing of /etc/postfix, until it is asked to end. Needs root, as Postfix does.
# usage: run.sh FOLDER SMTP-PORT NEXT-PORT MILTER FILTER-PORT [BACK-PORT|- [NAME=VALUE ...]]
# What it takes goes to NEXT-PORT, what the milter marks for the filter to FILTER-PORT; all that it takes, where MILTER is "-". A filter
# gives back at BACK-PORT. NAME=VALUE are further lines of main.cf. Clients on loopback may say with XCLIENT who they are. Debian: postfix.
set -euo pipefail
DIR=$(cd "$1" && pwd) SMTP=$2 NEXT=$3 MILTER=$4 FILTER=$5 BACK=${6:--}; PATH=$PATH:/usr/sbin
shift $(($# < 6 ? $# : 6))
mkdir -p "$DIR/etc" "$DIR/spool" "$DIR/data"
chmod 755 "$DIR" "$DIR/etc" "$DIR/spool"; chown postfix "$DIR/data"
cat > "$DIR/etc/main.cf" <<C
compatibility_level = 3.6
queue_directory = $DIR/spool
data_directory = $DIR/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $DIR/maillog
maillog_file_prefixes = $DIR
myhostname = mx.goal.example
mydestination =
mynetworks = 127.0.0.0/8
relay_domains = goal.example, soft.example
inet_interfaces = loopback-only
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
default_transport = smtp:[127.0.0.1]:$NEXT
relay_transport = smtp:[127.0.0.1]:$NEXT
local_recipient_maps =
alias_maps =
alias_database =
message_size_limit = 52428800
C
if [ "$MILTER" = - ]; then
    echo "content_filter = filter:[127.0.0.1]:$FILTER"
else
    printf '%s\n' "smtpd_milters = $MILTER" "milter_default_action = tempfail" "milter_protocol = 6" \
        "milter_header_checks = regexp:$DIR/etc/milter_header_checks"
fi >> "$DIR/etc/main.cf"
for line in "$@"; do echo "$line"; done >> "$DIR/etc/main.cf"
echo "/^X-Postseal-Split:/ FILTER smtp:[127.0.0.1]:$FILTER" > "$DIR/etc/milter_header_checks"
cat > "$DIR/etc/master.cf" <<C
127.0.0.1:$SMTP inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
C
if [ "$BACK" != - ]; then
    # As examples/smtp-filter/README.md has it.
    cat >> "$DIR/etc/master.cf" <<C
filter    unix  -       -       n       -       10      smtp
    -o smtp_send_xforward_command=no -o disable_mime_output_conversion=yes
127.0.0.1:$BACK inet n  -       n       -       10      smtpd
    -o content_filter= -o smtpd_milters= -o mynetworks=127.0.0.0/8
    -o smtpd_recipient_restrictions=permit_mynetworks,reject
    -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters
C
fi
# It goes into the background and into a process group of its own; this script stays, and takes it along when it ends.
trap 'kill -TERM "$(tr -d " " < "$DIR/spool/pid/master.pid")" 2>/dev/null; exit 0' TERM INT
postfix -c "$DIR/etc" start
while sleep 1 & wait $!; do :; done
