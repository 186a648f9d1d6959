//! Wrong files: each with the line of what is wrong, and words that say it.
#![allow(dead_code, reason = "shared by several tests")]

/// A file, its line, its words, and whether a schema can tell.
pub(crate) struct Wrong {
    pub(crate) text: &'static str,
    pub(crate) line: usize,
    pub(crate) words: &'static str,
    pub(crate) schema: bool,
}

const fn wrong(text: &'static str, line: usize, words: &'static str) -> Wrong {
    Wrong { text, line, words, schema: true }
}

/// Two keys that do not go together, a text that has a grammar of its own: no schema can tell.
const fn unseen(text: &'static str, line: usize, words: &'static str) -> Wrong {
    Wrong { text, line, words, schema: false }
}

/// What is said without looking at files, environment or servers.
pub(crate) const WRONG: &[Wrong] = &[
    // Names of keys and kinds of values.
    wrong("import = \"yes\"", 1, "invalid type: string"),
    wrong("\n\nimprot = true", 3, "unknown field `improt`"),
    wrong("import = true\nprofile = \"lax\"", 2, "unknown profile \"lax\": default, strict, legacy"),
    wrong("[encrypt]\nmode = \"maybe\"", 2, "unknown mode \"maybe\": never, if-possible"),
    wrong("[encrypt]\npreset = \"best\"", 2, "unknown preset \"best\": default, outlook-classic"),
    wrong("[encrypt]\nprotect = true", 2, "unknown field `protect`"),
    wrong("[revocation]\norder = \"none\"", 2, "unknown order \"none\": crl-first, ocsp-first"),
    wrong("[revocation]\nmode = \"firm\"", 2, "unknown mode \"firm\": off, soft, hard"),
    wrong("trust = \"mozilla\"", 1, "invalid type: string"),
    wrong("trust = [\n  \"a.pem\",\n  7,\n]", 3, "invalid type: integer"),
    wrong("[tenants.goal]\nimports = true", 2, "unknown field `imports`"),
    wrong("[tenants.goal.routes.outbound]\nencrypt = { mode = \"maybe\" }", 2, "unknown mode \"maybe\""),
    wrong("[tenants.goal.routes]\noutbound = true", 2, "invalid type: boolean"),
    unseen("import = true\nimport = false", 2, "duplicate key"),
    wrong("[program]\nmilter = true", 2, "invalid type: boolean"),
    wrong("[programs.milter]", 1, "unknown field `programs`"),
    // Numbers.
    wrong("[limits]\nmails = 1", 2, "unknown field `mails`"),
    wrong("[limits]\ncertificates = -1", 2, "integer `-1`"),
    wrong("[limits]\nmessage_bytes = 0", 2, "expected a nonzero usize"),
    unseen("[limits]\nrsa_bits_min = 9000", 2, "[limits] rsa_bits_min: no key has 9000 bits at least and 8192 at most"),
    wrong("[fetch]\nports = [80, 70000]", 2, "integer `70000`"),
    wrong("[fetch]\nports = [0]", 2, "expected a nonzero u16"),
    // The trace.
    wrong("import = true\ntrace = 7", 2, "a trace is a path, or a table"),
    wrong("[trace]\npath = \"t.jsonl\"\nkeep_files = 0", 1, "keep_days from 1 on"),
    wrong("[trace]\nkeep_files = 1", 1, "a table with path"),
    // The store.
    wrong("import = true\nstore = \"redis:\"", 2, "store: \"redis\" is not a kind of store"),
    wrong("store = 7", 1, "a store is \"sqlite:PATH\""),
    wrong("store = \"sqlite:\"", 1, "not a kind of store"),
    unseen("store = \"postgresql://gateway@db.example\"", 1, "store: the address names no database"),
    unseen("store = \"postgresql://gateway@db.example/mail?sslmode=prefer\"", 1, "sslmode is require or disable"),
    unseen("store = \"postgresql://gateway:hunter2@db.example/mail\"", 1, "store: a password stands in the url"),
    unseen("[store]\nurl = \"mysql://gateway:hunter2@db.example/mail\"", 2, "[store] url: the address of the database"),
    wrong("[store]\nurl = \"host=/run dbname=m\"\nconnections = 0", 3, "expected a nonzero usize"),
    wrong("[store]\nurl = \"host=/run dbname=m\"\nwait_seconds = 0", 3, "expected a nonzero u64"),
    wrong("[store]\nurl = \"host=/run dbname=m\"\npasword = \"x\"", 3, "unknown field `pasword`"),
    wrong("[store]\nurl = \"host=/run dbname=m\"\npassword = \"hunter2\"", 3, "a credential is { file"),
    wrong("[store]\nconnections = 8", 1, "missing field `url`"),
    // What is fetched.
    unseen("[fetch]\nproxy = \"socks5://proxy.example\"", 2, "[fetch] proxy: `socks5://proxy.example` is not a proxy"),
    unseen("[fetch]\nproxy = \"http://u:hunter2@proxy.example:1\"", 2, "[fetch] proxy: credentials stand in the url"),
    unseen("[fetch]\nproxy_user = \"gateway\"", 2, "[fetch] proxy_user: give proxy_user and proxy_password"),
    unseen("[fetch]\nproxy_user = \"g\"\nproxy_password = { env = \"P\" }", 2, "there is no proxy that it is for"),
    unseen(
        "[fetch]\nrefuse = [\n  \"203.0.113.0/24\",\n  \"nowhere\",\n]",
        4,
        "[fetch] refuse: `nowhere` is not a network",
    ),
    unseen("[fetch.allow]\n\"crl.example\" = [\"10.1\"]", 2, "[fetch.allow] crl.example: `10.1` is not a network"),
    unseen("[fetch.allow]\n\"crl.example\" = []", 2, "name the networks"),
    unseen("[fetch]\nallow = { a = [\"169.254.169.254\"] }", 2, "holds addresses that no host may have"),
    // Who is asked.
    unseen("directories = [\"staff\"]", 1, "directories: there is no [directory.staff]"),
    unseen(
        "[tenants.goal]\ndirectories = [\n  \"staff\",\n]",
        3,
        "[tenants.goal] directories: there is no [directory.staff]",
    ),
    unseen("[tenants.goal.routes.out]\ndirectories = [\"x\"]", 2, "[tenants.goal.routes.out] directories: there is no"),
    unseen("directories = [\"a\", \"a\"]\n[directory.a]\nkind = \"host\"", 1, "directories: \"a\" is asked already"),
    wrong("[directory.staff]\nkind = \"host\"\ndomains = []", 3, "[directory.staff] domains: name some"),
    unseen("[directory.staff]\nkind = \"host\"\ndomains = [\"a.example\", \"b c\"]", 3, "[directory.staff] domains: "),
    wrong("[directory.staff]\nkind = \"nis\"", 2, "unknown variant `nis`"),
    wrong("import = true\n[directory.staff]\ndomains = [\"a.example\"]", 2, "missing field `kind`"),
    // LDAP.
    wrong("[directory.a]\nkind = \"ldap\"\nserver = \"dc\"", 3, "unknown field `server`"),
    wrong("[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\ntransport = \"tls\"", 4, "unknown variant `tls`"),
    wrong("[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\nreferences = \"follow\"", 4, "unknown variant `follow`"),
    wrong("[directory.a]\nkind = \"ldap\"\nservers = []", 3, "[directory.a] servers: there must be 1 to 16 servers"),
    unseen("[directory.a]\nkind = \"ldap\"", 1, "[directory.a]: give servers or a domain"),
    unseen(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\ndomain = \"a.example\"",
        4,
        "[directory.a] domain: give servers or",
    ),
    unseen("[directory.a]\nkind = \"ldap\"\nservers = [\"ldap://dc\"]", 3, "`ldap://dc` is not a server"),
    unseen("[directory.a]\nkind = \"ldap\"\ndomain = \"a b\"", 3, "`a b` is not a domain"),
    unseen(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\nfilter = \"(mail=x)\"",
        4,
        "[directory.a] filter: the filter cannot",
    ),
    unseen(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\nbind = \"cn=x\"",
        4,
        "[directory.a] bind: give bind and password",
    ),
    unseen(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\nkey = \"k.pem\"",
        4,
        "[directory.a] key: give bind and password",
    ),
    wrong(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\nbind = \"cn=x\"\npassword = \"hunter2\"",
        5,
        "a credential is { file",
    ),
    unseen(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\ntransport = \"plain\"\nbind = \"cn=x\"\npassword = { env = \"P\" }",
        4,
        "[directory.a] transport: without TLS only an anonymous bind",
    ),
    unseen(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\ncertificate = \"c.pem\"\nkey = '''\n-----BEGIN PRIVATE KEY-----\nhunter2\n'''",
        5,
        "a key is \"PATH\"",
    ),
    // DER on one line: a long length, and a short one.
    unseen(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\ncertificate = \"c.pem\"\nkey = \"MIGHAgEAMhunter2\"",
        5,
        "a key is \"PATH\"",
    ),
    unseen(
        "[directory.a]\nkind = \"ldap\"\nservers = [\"dc\"]\ncertificate = \"c.pem\"\nkey = \"MAdhunter2AA==\"",
        5,
        "a key is \"PATH\"",
    ),
    // Entra ID.
    wrong("[directory.a]\nkind = \"entra\"\ntenant = \"t\"", 1, "missing field `sources`"),
    wrong(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t\"\nmanaged_identity = \"machine\"\nsources = []",
        5,
        "[directory.a] sources: give sources",
    ),
    wrong(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t\"\nmanaged_identity = \"me\"\nsources = [{ from = \"graph-property\", names = [] }]",
        4,
        "unknown variant `me`",
    ),
    wrong(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t\"\ncloud = \"moon\"\nsources = [{ from = \"graph-property\", names = [\"x\"] }]",
        4,
        "cloud is global, gcc-high",
    ),
    wrong(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t\"\nsources = [{ from = \"mail\" }]",
        4,
        "unknown variant `mail`",
    ),
    unseen(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t/x\"\nmanaged_identity = \"machine\"\n\
         sources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }]",
        3,
        "[directory.a] tenant: a tenant, a mailbox or a property",
    ),
    unseen(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t\"\nmanaged_identity = \"machine\"\n\
         sources = [\n  { from = \"exchange-recipients\", api = \"admin-api-v2\" },\n  { from = \"mailbox-contacts\", mailbox = \"a/b\\n\" },\n]",
        7,
        "[directory.a] sources: a tenant, a mailbox or a property",
    ),
    unseen(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t\"\nsecret = { env = \"S\" }\n\
         sources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }]",
        4,
        "[directory.a] secret: give client",
    ),
    unseen(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t\"\nclient = \"c\"\nsecret = { env = \"PATH\" }\nkey = \"key.pem\"\n\
         sources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }]",
        6,
        "[directory.a] key: key is that of a certificate",
    ),
    unseen(
        "[directory.a]\nkind = \"entra\"\ntenant = \"t\"\ncloud = { login = \"http://x\", graph = \"https://g\", exchange = \"https://e\" }\n\
         managed_identity = \"machine\"\nsources = [{ from = \"exchange-recipients\", api = \"admin-api-v2\" }]",
        4,
        "[directory.a] cloud: the address of a service is https",
    ),
    // The DNS.
    wrong("[directory.a]\nkind = \"smimea\"\nservers = []", 3, "[directory.a] servers: "),
    unseen("[directory.a]\nkind = \"smimea\"\nservers = [\"ns.example\"]", 3, "a name server is an IP address"),
    // Certificate servers.
    unseen(
        "[directory.a]\nkind = \"http\"\nurl = \"http://keys.example/{addr}\"",
        3,
        "[directory.a] url: the URL template",
    ),
    unseen(
        "[directory.a]\nkind = \"http\"\nurl = \"https://keys.example/{addr}\"\nuser = \"u\"",
        4,
        "[directory.a] user: give token",
    ),
    unseen(
        "[directory.a]\nkind = \"http\"\nurl = \"https://keys.example/{addr}?k={key}\"",
        3,
        "{key} stands for nothing",
    ),
    unseen(
        "[directory.a]\nkind = \"http\"\nurl = \"https://keys.example/{addr}\"\nkey = { env = \"K\" }",
        4,
        "[directory.a] key: there is no {key} in the url",
    ),
    wrong(
        "[directory.a]\nkind = \"http\"\nurl = \"https://k.example/{addr}\"\ntoken = \"hunter2\"",
        4,
        "a credential is { file",
    ),
];
