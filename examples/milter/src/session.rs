//! One connection of the MTA: the order of the commands, and the mail that comes by them.

use crate::message::{Field, Message, is_own};
use crate::protocol::{ACTIONS, Command, LEADING_SPACE, Reply, VERSION};
use std::net::IpAddr;

/// How much of a mail is kept.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Room {
    /// Octets of header and body.
    pub message_bytes: usize,
    /// Header fields.
    pub header_fields: usize,
    /// Recipients; further ones are told to come later.
    pub recipients: usize,
}

/// Octets of a sender or a recipient: RFC 5321 4.5.3.1.3 has 256, and what MTAs let through is no more than a line of theirs, 2 048.
const LONGEST_PATH: usize = 2_048;

/// What is to be done after a command.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "whoever drives a session must handle all")]
pub enum Step {
    /// No answer is awaited.
    Nothing,
    /// Send this.
    Reply(Reply),
    /// A mail begins: answer whether it may.
    Begin,
    /// One more recipient: answer whether the mail can go to him too, and [`Session::admit`] him.
    Recipient(Vec<u8>),
    /// The mail is here: decide about it.
    Decide(Message),
    /// The MTA goes.
    End,
}

/// The command does not belong where it came, or the MTA cannot do what is needed: nothing on this connection can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unexpected;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Negotiated,
    Connected,
    Envelope,
    Header,
    Body,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    room: Room,
    has_leading_space: bool,
    client: Option<IpAddr>,
    macros: Vec<(Vec<u8>, Vec<u8>)>,
    message: Message,
}

impl Session {
    /// Before the first command.
    #[must_use]
    pub fn new(room: Room) -> Self {
        let (client, macros, message) = (None, Vec::new(), Message::default());
        Self { stage: Stage::New, room, has_leading_space: false, client, macros, message }
    }

    /// Takes a command in its order.
    ///
    /// # Errors
    /// [`Unexpected`]: refuse what may be under way, and hang up.
    pub fn take(&mut self, command: Command) -> Result<Step, Unexpected> {
        match (command, self.stage) {
            (Command::Negotiate { version, actions, steps }, Stage::New) => self.negotiate(version, actions, steps),
            (Command::Quit, _) => Ok(Step::End),
            (_, Stage::New) => Err(Unexpected),
            (Command::Macros(macros), _) => {
                self.hear(macros);
                Ok(Step::Nothing)
            }
            (Command::Connect(client), Stage::Negotiated | Stage::Connected) => {
                (self.stage, self.client) = (Stage::Connected, client);
                Ok(Step::Reply(Reply::Continue))
            }
            (Command::Mail(path), Stage::Connected) if path.len() > LONGEST_PATH => {
                Ok(Step::Reply(Reply::Refuse("553 5.1.7 postseal: The sender is too long".to_owned())))
            }
            (Command::Mail(sender), Stage::Connected) => {
                self.begin(sender);
                Ok(Step::Begin)
            }
            (Command::Recipient(_), Stage::Envelope) if self.message.recipients.len() >= self.room.recipients => {
                Ok(Step::Reply(Reply::Refuse("452 4.5.3 postseal: Too many recipients".to_owned())))
            }
            (Command::Recipient(path), Stage::Envelope) if path.len() > LONGEST_PATH => {
                Ok(Step::Reply(Reply::Refuse("553 5.1.3 postseal: The recipient is too long".to_owned())))
            }
            (Command::Recipient(address), Stage::Envelope) => Ok(Step::Recipient(address)),
            (Command::Header(name, value), Stage::Envelope | Stage::Header) if self.has_recipients() => {
                self.stage = Stage::Header;
                self.add_field(name, value);
                Ok(Step::Reply(Reply::Continue))
            }
            (Command::EndOfHeader, Stage::Envelope | Stage::Header) if self.has_recipients() => {
                self.stage = Stage::Body;
                Ok(Step::Reply(Reply::Continue))
            }
            (Command::Body(part), Stage::Body) => {
                self.add_body(&part);
                Ok(Step::Reply(Reply::Continue))
            }
            (Command::EndOfMessage(part), Stage::Body) => {
                self.add_body(&part);
                let message = std::mem::take(&mut self.message);
                self.forget();
                Ok(Step::Decide(message))
            }
            (Command::Abort, _) => {
                self.forget();
                Ok(Step::Nothing)
            }
            (Command::QuitAndReuse, _) => {
                self.forget();
                (self.stage, self.client) = (Stage::Negotiated, None);
                Ok(Step::Nothing)
            }
            (Command::Other, _) => Ok(Step::Reply(Reply::Continue)),
            _ => Err(Unexpected),
        }
    }

    /// The mail that came so far counts no more, and the next one has nothing of it.
    pub fn forget(&mut self) {
        self.message = Message::default();
        self.macros.clear();
        self.stage = self.stage.min_connected();
    }

    /// The mail goes to this one too.
    pub fn admit(&mut self, recipient: Vec<u8>) {
        self.message.recipients.push(recipient);
    }

    /// What came of the mail so far.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }

    /// Whether a mail has begun and is not through.
    #[must_use]
    pub const fn is_in_message(&self) -> bool {
        matches!(self.stage, Stage::Envelope | Stage::Header | Stage::Body)
    }

    fn negotiate(&mut self, version: u32, actions: u32, steps: u32) -> Result<Step, Unexpected> {
        if version < VERSION || actions & ACTIONS != ACTIONS {
            return Err(Unexpected);
        }
        (self.stage, self.has_leading_space) = (Stage::Negotiated, steps & LEADING_SPACE != 0);
        Ok(Step::Reply(Reply::Negotiated { steps }))
    }

    /// The queue id comes with any command, as soon as there is one; who authenticated comes before MAIL.
    fn hear(&mut self, macros: Vec<(Vec<u8>, Vec<u8>)>) {
        if let Some((_, id)) = macros.iter().find(|(name, _)| matches!(name.as_slice(), b"i" | b"{i}")) {
            self.message.queue_id = String::from_utf8_lossy(id).into_owned();
        }
        self.macros = macros;
    }

    fn begin(&mut self, sender: Vec<u8>) {
        self.stage = Stage::Envelope;
        let login = self.macros.iter().find(|(name, _)| name == b"{auth_authen}");
        self.message.is_authenticated = login.is_some_and(|(_, login)| !login.is_empty());
        (self.message.client, self.message.sender) = (self.client, sender);
        self.message.has_leading_space = self.has_leading_space;
    }

    fn has_recipients(&self) -> bool {
        !self.message.recipients.is_empty()
    }

    fn add_field(&mut self, name: Vec<u8>, value: Vec<u8>) {
        let is_too_many = self.message.fields.len() >= self.room.header_fields;
        if self.takes(name.len().saturating_add(value.len()), is_too_many) {
            self.message.fields.push(Field { name, value });
        } else if is_own(&name) {
            self.add_own_name(name);
        }
    }

    /// Of a mail that is too large.
    fn add_own_name(&mut self, name: Vec<u8>) {
        let kept = self.message.fields.iter().fold(name.len(), |sum, field| sum.saturating_add(field.name.len()));
        let has_room = self.message.fields.len() < self.room.header_fields && kept <= self.room.message_bytes;
        self.message.has_too_many_own |= !has_room;
        if has_room {
            self.message.fields.push(Field { name, value: Vec::new() });
        }
    }

    fn add_body(&mut self, part: &[u8]) {
        if self.takes(part.len(), false) {
            self.message.body.extend_from_slice(part);
        }
    }

    /// What is too large is not kept, so that nobody can mistake a part of it for the whole; only which fields have to be removed.
    fn takes(&mut self, octets: usize, is_too_many: bool) -> bool {
        self.message.octets = self.message.octets.saturating_add(octets);
        if !self.message.is_too_large && (is_too_many || self.message.octets > self.room.message_bytes) {
            let fields = std::mem::take(&mut self.message.fields).into_iter().filter(|field| is_own(&field.name));
            self.message.fields = fields.map(|field| Field { value: Vec::new(), ..field }).collect();
            self.message.body = Vec::new();
            self.message.is_too_large = true;
        }
        !self.message.is_too_large
    }
}

impl Stage {
    const fn min_connected(self) -> Self {
        match self {
            Self::New => Self::New,
            Self::Negotiated => Self::Negotiated,
            _ => Self::Connected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiate(actions: u32) -> Command {
        Command::Negotiate { version: 6, actions, steps: LEADING_SPACE }
    }

    fn mail() -> Command {
        Command::Mail(b"<a@goal.example>".into())
    }

    fn recipient() -> Command {
        Command::Recipient(b"<b@goal.example>".into())
    }

    fn session(room: Room, commands: Vec<Command>) -> Result<Option<Message>, Unexpected> {
        let mut session = Session::new(room);
        let mut message = None;
        for command in commands {
            match session.take(command)? {
                Step::Decide(decided) => message = Some(decided),
                Step::Recipient(address) => session.admit(address),
                _ => {}
            }
        }
        Ok(message)
    }

    fn take(session: &mut Session, command: Command) {
        if let Step::Recipient(address) = session.take(command).unwrap() {
            session.admit(address);
        }
    }

    const ROOM: Room = Room { message_bytes: 100, header_fields: 3, recipients: 2 };

    fn whole() -> Vec<Command> {
        let field = Command::Header(b"Subject".into(), b" x".into());
        let (body, end) = (Command::Body(b"hel".into()), Command::EndOfMessage(b"lo\r\n".into()));
        let begin = vec![negotiate(0x1ff), Command::Connect(None), mail(), recipient()];
        [begin, vec![field, Command::EndOfHeader, body, end]].concat()
    }

    #[test]
    fn a_mail_comes_whole_or_not_at_all() {
        let message = session(ROOM, whole()).unwrap().unwrap();
        assert_eq!(message.mail(), b"Subject: x\r\n\r\nhello\r\n");
        for missing in 0..whole().len() - 1 {
            let mut commands = whole();
            commands.remove(missing);
            let optional = [4, 6].contains(&missing);
            assert_eq!(session(ROOM, commands).is_ok(), optional, "without {missing}");
        }
        for place in 2..whole().len() {
            let mut commands = whole();
            commands.insert(place, Command::Abort);
            assert!(session(ROOM, commands).is_err() || place == 2, "given up at {place}");
        }
    }

    #[test]
    fn commands_out_of_order_are_unexpected() {
        for (place, command) in
            [(0, mail()), (1, negotiate(0x1ff)), (3, mail()), (5, recipient()), (6, recipient()), (2, recipient())]
        {
            let mut commands = whole();
            commands.insert(place, command);
            assert_eq!(session(ROOM, commands).unwrap_err(), Unexpected, "{place}");
        }
        assert!(session(ROOM, vec![negotiate(0x01)]).is_err(), "an MTA that lets nobody change a body");
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let mut commands = whole();
        commands.insert(6, Command::Body(vec![b'x'; 100]));
        let message = session(ROOM, commands).unwrap().unwrap();
        assert!(message.is_too_large && message.body.is_empty() && message.fields.is_empty());
        let mut commands = whole();
        commands.splice(4..4, (0..3).map(|_| Command::Header(b"A".into(), b" b".into())));
        assert!(session(ROOM, commands).unwrap().unwrap().is_too_large);
    }

    #[test]
    fn of_what_is_too_large_the_fields_to_remove_are_known() {
        let field = |name: &str| Command::Header(name.into(), b" b".into());
        let with = |names: &[&str]| {
            let mut commands = whole();
            commands.splice(4..4, names.iter().map(|name| field(name)));
            session(ROOM, commands).unwrap().unwrap()
        };
        let of = |message: &Message| {
            let names = message.fields.iter().map(|field| String::from_utf8_lossy(&field.name).into_owned());
            names.collect::<Vec<_>>()
        };
        let message = with(&["X-Postseal-A", "A", "A", "A", "x-postseal-a"]);
        assert!(message.is_too_large && message.fields.iter().all(|field| field.value.is_empty()));
        assert_eq!(
            (of(&message), message.has_too_many_own),
            (vec!["X-Postseal-A".into(), "x-postseal-a".into()], false)
        );
        assert!(with(&["X-Postseal-A"; 4]).has_too_many_own);
        let long = format!("X-Postseal-{}", "a".repeat(90));
        let message = with(&[&long]);
        assert!(message.is_too_large && message.has_too_many_own && message.fields.is_empty());
    }

    #[test]
    fn nothing_of_a_mail_is_left_for_the_next() {
        let mut session = Session::new(ROOM);
        let login = || Command::Macros(vec![(b"{auth_authen}".into(), b"bob".into()), (b"i".into(), b"4F".into())]);
        for command in [negotiate(0x1ff), Command::Connect(None), login(), mail(), recipient(), Command::Abort] {
            take(&mut session, command);
        }
        for command in [mail(), recipient(), Command::EndOfHeader] {
            take(&mut session, command);
        }
        let Ok(Step::Decide(message)) = session.take(Command::EndOfMessage(Vec::new())) else { unreachable!() };
        assert!(!message.is_authenticated && message.queue_id.is_empty() && message.recipients.len() == 1);
    }
}
