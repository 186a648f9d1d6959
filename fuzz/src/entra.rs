//! Answers of Microsoft's services.

use crate::input::Input;
use crate::memory::bounded;
use postseal::Address;
use postseal::directory::DirectoryReply;
use postseal_adapters::directory::entra::fuzzing;
use serde_json::Value;
use std::sync::OnceLock;

const ALICE: &str = "alice@goal.example";
/// A value of JSON takes 32 octets and can be written in two; those in a list are moved when it grows.
const BOUND: usize = 200;

/// Answers in a row, each with its status. Only who was asked for is found: some answer names the address. What is not found was
/// denied by the service, and not left unread.
pub fn entra_answer(bytes: &[u8]) {
    static ADDRESS: OnceLock<Address> = OnceLock::new();
    let alice = ADDRESS.get_or_init(|| Address::parse(ALICE).unwrap());
    let mut input = Input::new(bytes);
    let mut answers = Vec::new();
    while answers.len() < 24 {
        let status = [200, 200, 200, 200, 400, 401, 403, 404, 429, 500, 302, 503][usize::from(input.octet()) % 12];
        let body = input.sized();
        if body.is_empty() {
            break;
        }
        answers.push((status, body));
    }
    let reply = bounded(bytes.len(), BOUND, || fuzzing::lookup(alice, &answers));
    let mut good = answers.iter().filter(|(status, _)| *status == 200);
    match reply {
        DirectoryReply::Found(lent) | DirectoryReply::Partial(lent, _) => {
            assert!(!lent.is_empty());
            assert!(good.any(|(_, body)| names_alice(body)), "somebody else was found");
        }
        DirectoryReply::NotFound => assert!(answers.len() >= 4, "nobody said so"),
        _ => {}
    }
}

/// Whether any text in it reads as the address.
fn names_alice(body: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return false };
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text.to_ascii_lowercase().ends_with(ALICE) => return true,
            Value::Array(values) => open.extend(values),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
    false
}

/// What each source may answer.
pub fn entra_answer_seeds() -> Vec<(String, Vec<u8>)> {
    use base64::Engine as _;
    let certificate =
        base64::engine::general_purpose::STANDARD.encode(crate::world::world().certificates.last().unwrap());
    let recipient = format!(
        r#"{{"value":[{{"PrimarySmtpAddress":"{ALICE}","UserCertificate":["{certificate}"],"UserSMimeCertificate":[[48,3,2,1,1]]}}]}}"#
    );
    let nobody = r#"{"value":[]}"#.to_owned();
    let missing = r#"{"error":{"code":"Request_ResourceNotFound","innerError":{"code":"x"}}}"#.to_owned();
    let contacts = format!(
        r#"{{"value":[{{"id":"AA=","emailAddresses":[{{"address":"{ALICE}"}}]}}],"@odata.nextLink":"https://graph.microsoft.com/v1.0/n"}}"#
    );
    let contact = format!(
        r#"{{"emailAddresses":[{{"address":"{ALICE}"}}],"multiValueExtendedProperties":[{{"value":["{certificate}"]}}]}}"#
    );
    let people = format!(
        r#"{{"value":[{{"mail":"x","proxyAddresses":["SMTP:{ALICE}"],"extension_0123456789abcdef0123456789abcdef_smime":"{certificate}"}}]}}"#
    );
    let token = r#"{"token_type":"Bearer","expires_in":"3599","access_token":"x"}"#.to_owned();
    let batch =
        r#"{"responses":[{"id":"1","status":200,"body":{}},{"id":"0","status":404,"headers":{"Retry-After":"3"}}]}"#
            .to_owned();
    let refused = r#"{"error":"invalid_client","error_codes":[7000222],"error_description":"x"}"#.to_owned();
    let seed = |answers: &[(u8, &String)]| -> Vec<u8> {
        let one = |(status, body): &(u8, &String)| {
            [&[*status], &u16::try_from(body.len()).unwrap().to_be_bytes()[..], body.as_bytes()].concat()
        };
        answers.iter().flat_map(one).collect()
    };
    [
        ("recipient", seed(&[(0, &recipient)])),
        (
            "not-exchange",
            seed(&[
                (7, &missing),
                (7, &missing),
                (7, &missing),
                (7, &missing),
                (0, &contacts),
                (0, &nobody),
                (0, &contact),
            ]),
        ),
        (
            "people",
            seed(&[(0, &nobody), (0, &nobody), (0, &nobody), (0, &nobody), (0, &nobody), (0, &people), (0, &people)]),
        ),
        ("nobody", seed(&[(0, &nobody); 12])),
        ("login", seed(&[(0, &token), (4, &refused), (0, &batch)])),
        ("later", seed(&[(8, &missing), (9, &refused), (5, &nobody)])),
    ]
    .map(|(name, seed)| (name.to_owned(), seed))
    .to_vec()
}
