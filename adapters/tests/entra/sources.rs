//! What each source finds, how it is asked, and what it never passes off as nothing.

use crate::microsoft::{MAILBOX, Microsoft, Route, base64, patient};
use crate::server::{Reply, json};
use crate::world::{ALICE, BOB, PROPERTY, ask, ask_one, contacts, der, invoke, preview, property};
use postseal_adapters::directory::entra::{EntraCredential, EntraSource, SourceCheck, Usability};
use serde_json::{Value, json as j};

#[test]
fn every_kind_of_recipient_is_found_by_its_cmdlet() {
    let microsoft = Microsoft::start();
    microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!([base64(&der(ALICE))]));
    microsoft.add("Get-MailContact", BOB, "UserCertificate", j!([base64(&der(BOB)), base64(&der(BOB))]));
    microsoft.add("Get-MailUser", "carol@ext.example", "UserSMimeCertificate", j!([base64(&der(BOB))]));
    microsoft.add("Get-Mailbox", "empty@goal.example", "UserCertificate", j!([]));
    let directory = microsoft.directory().with_source(invoke());
    assert_eq!(ask(&directory, &["carol@ext.example", BOB, ALICE, "no@goal.example"]), ["1", "2", "1", "none"]);
    let before = microsoft.count(Route::Exchange);
    assert_eq!(ask(&directory, &["empty@goal.example"]), ["none"]);
    assert_eq!(microsoft.count(Route::Exchange) - before, 1, "the object was found: no other cmdlet is asked");
    // The preview knows mailboxes only.
    assert_eq!(ask(&microsoft.directory().with_source(preview()), &[ALICE, BOB]), ["1", "none"]);
    assert_eq!(microsoft.violations(), Vec::<String>::new());
}

#[test]
fn an_identity_is_never_a_pattern_and_never_in_the_url() {
    let microsoft = Microsoft::start();
    microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!([base64(&der(ALICE))]));
    let directory = microsoft.directory().with_source(invoke());
    assert_eq!(
        ask(&directory, &["*@goal.example", "a*@goal.example", "\"'; Get-Mailbox '\"@goal.example"]),
        ["none"; 3]
    );
    assert!(microsoft.state().requests.iter().all(|(_, request)| !request.target.contains("goal.example")));
}

#[test]
fn sixteen_values_and_every_form_of_them() {
    let octets: Vec<u8> = der(ALICE);
    for (value, expected) in [
        (j!(vec![base64(&octets); 16]), "16"),
        (j!(vec![base64(&octets); 100]), "64+: the directory has more than is read"),
        (base64(&octets), "1"),
        (j!(octets), "1"),
        (j!([octets, base64(&octets)]), "2"),
        (j!(null), "none"),
        (j!([]), "none"),
        (j!(["System.Byte[]"]), "the server does not deliver the bytes of certificates"),
        (j!("System.Byte[]"), "the server does not deliver the bytes of certificates"),
        (
            j!(["System.Byte[]", base64(&octets)]),
            "1+: localhost: the server does not deliver the bytes of certificates",
        ),
        (j!(7), "answers with JSON of another shape"),
        (j!({"a": "b"}), "answers with JSON of another shape"),
        (j!([true]), "answers with JSON of another shape"),
        (j!([["x"]]), "answers with JSON of another shape"),
        (j!([[1, 2, 300]]), "answers with JSON of another shape"),
    ] {
        let microsoft = Microsoft::start();
        microsoft.add("Get-Mailbox", ALICE, "UserCertificate", value.clone());
        assert_eq!(ask_one(&microsoft.directory().with_source(invoke()), ALICE), expected, "{value}");
    }
}

/// Nobody knows whether the preview shows certificates at all. Where it does not, nobody is without one.
#[test]
fn recipients_without_the_properties_are_not_without_certificates() {
    let microsoft = Microsoft::start();
    let directory = microsoft.directory().with_source(preview());
    microsoft.state().always.insert(Route::Exchange, json(200, &j!({"value": [{"PrimarySmtpAddress": ALICE}]})));
    assert_eq!(ask_one(&directory, ALICE), "answers without the properties of certificates");
    assert_eq!(directory.check().unwrap()[0].usability, Usability::PropertyUnknown);
    microsoft
        .state()
        .always
        .insert(Route::Exchange, json(404, &j!({"error": {"code": "NotFound", "message": "no route"}})));
    assert_eq!(ask_one(&directory, ALICE), "answers with status 404 (NotFound): this service does not offer it");
}

#[test]
fn answers_of_another_shape_are_not_empty_ones() {
    for body in
        [j!([]), j!({}), j!({"value": {}}), j!({"value": null}), j!({"value": [7]}), j!("x"), j!({"value": [null]})]
    {
        for (route, source) in [(Route::Exchange, invoke()), (Route::Graph, contacts()), (Route::Graph, property())] {
            let microsoft = Microsoft::start();
            microsoft.state().always.insert(route, json(200, &body));
            assert_eq!(
                ask_one(&microsoft.directory().with_source(source), ALICE),
                "answers with JSON of another shape",
                "{body}"
            );
        }
    }
}

/// What an answer leaves for later, or has more of than is read, may hold the certificate.
#[test]
fn a_part_of_an_answer_is_not_all_of_it() {
    let words = "answers with more objects than are read";
    let others = |count: usize, named: &str| vec![j!({ named: "other@goal.example", "UserCertificate": [] }); count];
    for (source, cut) in [
        (invoke(), j!({"value": [], "@odata.nextLink": "https://outlook.example/next"})),
        (invoke(), j!({"value": others(17, "PrimarySmtpAddress")})),
        (preview(), j!({"value": others(1, "PrimarySmtpAddress"), "@odata.nextLink": ""})),
    ] {
        let microsoft = Microsoft::start();
        microsoft.state().always.insert(Route::Exchange, json(200, &cut));
        assert_eq!(ask_one(&microsoft.directory().with_source(source), ALICE), words, "{cut}");
    }
    let microsoft = Microsoft::start();
    microsoft.state().always.insert(Route::Graph, json(200, &j!({"value": others(17, "mail")})));
    assert_eq!(ask_one(&microsoft.directory().with_source(property()), ALICE), words);
    let microsoft = Microsoft::start();
    for _ in 0..17 {
        microsoft.add("mailbox", BOB, "BinaryArray 0x3A701102", j!([base64(&der(BOB))]));
    }
    assert_eq!(ask_one(&microsoft.directory().with_source(contacts()), BOB), words);
}

#[test]
fn properties_are_found_under_both_spellings_and_by_mail() {
    let microsoft = Microsoft::start();
    microsoft.state().strict_prefix = true;
    microsoft.add("users", ALICE, PROPERTY, base64(&der(ALICE)));
    microsoft.state().people[0].addresses.push("a.l@goal.example".to_owned());
    microsoft.add("users", "guest@ext.example", PROPERTY, base64(&der(BOB)));
    microsoft.state().people[1].values.insert("only mail".to_owned(), Value::Null);
    microsoft.state().people[1].addresses.insert(0, "GUEST@ext.example".to_owned());
    microsoft.add("contacts", BOB, PROPERTY, base64(&der(BOB)));
    let directory = microsoft.directory().with_source(property());
    for (address, expected) in [("a.l@goal.example", "1"), (ALICE, "1"), ("guest@ext.example", "1"), (BOB, "none")] {
        assert_eq!(ask_one(&directory, address), expected, "{address}");
    }
    let directory = microsoft.directory().with_source(property().with_organisation_contacts());
    assert_eq!(ask(&directory, &[BOB, ALICE]), ["1", "1"]);
    microsoft.state().permissions.remove("OrgContact.Read.All");
    let words = "answers with status 403 (Authorization_RequestDenied): the application lacks a permission";
    assert_eq!(ask_one(&directory, BOB), words);
    assert_eq!(ask_one(&directory, ALICE), format!("1+: localhost: {words}"), "what was found counts");
    assert_eq!(microsoft.violations(), Vec::<String>::new());
}

#[test]
fn the_property_of_contacts_can_be_set() {
    let microsoft = Microsoft::start();
    microsoft.add("mailbox", BOB, "BinaryArray 0x3A701102", j!([base64(&der(BOB))]));
    assert_eq!(ask_one(&microsoft.directory().with_source(contacts()), BOB), "none");
    let source = contacts().with_property("BinaryArray 0x3A701102");
    assert_eq!(ask_one(&microsoft.directory().with_source(source), BOB), "1");
}

#[test]
fn a_mailbox_that_is_not_there_is_nobodys_missing_certificate() {
    let microsoft = Microsoft::start();
    let source = EntraSource::mailbox_contacts("other@goal.example").unwrap();
    let directory = microsoft.directory().with_source(source);
    assert!(
        ask_one(&directory, BOB).starts_with("answers with status 404 (ErrorInvalidUser)"),
        "{}",
        ask_one(&directory, BOB)
    );
}

#[test]
fn lists_go_on_at_the_next_page_of_the_same_host_only() {
    let microsoft = Microsoft::start();
    for _ in 0..3 {
        microsoft.add("mailbox", BOB, "BinaryArray 0x3A70", j!([base64(&der(BOB))]));
    }
    microsoft.state().page = Some(1);
    let directory = microsoft.directory().with_source(contacts());
    assert_eq!(ask_one(&directory, BOB), "3");
    // The same link again and again.
    let [_, graph, exchange] = microsoft.ports;
    let link = format!(
        "https://localhost:{graph}/v1.0/users/{MAILBOX}/contacts?$filter=emailAddresses%2Fany%28a%3Aa%2Faddress%20eq%20%27{BOB}%27%29&$select=id,emailAddresses&$skiptoken=X%271"
    );
    microsoft.state().elsewhere = Some(link);
    assert_eq!(ask_one(&directory, BOB), "answers with more pages than are read");
    for elsewhere in [
        format!("https://localhost:{exchange}/v1.0/users"),
        format!("http://localhost:{graph}/v1.0/users"),
        "https://evil.example/v1.0/users".to_owned(),
        format!("https://localhost:{graph}@evil.example/"),
        format!("https://user@localhost:{graph}/v1.0/users"),
        format!("//localhost:{graph}/v1.0/users"),
    ] {
        microsoft.state().elsewhere = Some(elsewhere.clone());
        let words = ask_one(&directory, BOB);
        assert!(
            words == "continues its answer at another host" || words == "answers with JSON of another shape",
            "{words}"
        );
    }
    assert_eq!(microsoft.count(Route::Exchange), 0);
}

/// What the first one has may have expired.
#[test]
fn all_sources_are_asked_whatever_the_first_one_has() {
    let microsoft = Microsoft::start();
    microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!([base64(&der(ALICE))]));
    microsoft.add("mailbox", ALICE, "BinaryArray 0x3A70", j!([base64(&der(BOB)), base64(&der(BOB))]));
    microsoft.add("mailbox", BOB, "BinaryArray 0x3A70", j!([base64(&der(BOB))]));
    let directory = microsoft.directory().with_source(invoke()).with_source(contacts()).with_source(property());
    assert_eq!(ask(&directory, &[BOB, ALICE, "no@goal.example"]), ["1", "3", "none"]);
    // One that cannot be asked: what another has counts, that another has none does not.
    microsoft.state().permissions.remove("Exchange.ManageAsApp");
    let refused = "localhost: answers with status 403: the application lacks a permission";
    let partial = |count: usize| format!("{count}+: {refused}");
    assert_eq!(ask(&directory, &[BOB, ALICE, "no@goal.example"]), [partial(1), partial(2), refused.to_owned()]);
    // Nor is what the first one has all, where another one does not answer.
    microsoft.state().permissions.insert("Exchange.ManageAsApp");
    microsoft.state().permissions.remove("Contacts.Read");
    assert!(ask(&directory, &[ALICE])[0].starts_with("1+: "), "{:?}", ask(&directory, &[ALICE]));
    assert_eq!(ask(&microsoft.directory(), &[BOB]), ["no source of certificates is set up"]);
}

#[test]
fn the_check_tells_what_a_source_is_worth() {
    let microsoft = Microsoft::start();
    let directory = microsoft.directory().with_source(preview()).with_source(contacts()).with_source(property());
    let usability = |checks: Vec<SourceCheck>| checks.into_iter().map(|check| check.usability).collect::<Vec<_>>();
    let check = |directory: &postseal_adapters::directory::entra::EntraDirectory| usability(directory.check().unwrap());
    assert_eq!(check(&directory), [Usability::Usable; 3], "nobody is there yet");
    microsoft.add("Get-Mailbox", ALICE, "UserCertificate", j!(["System.Byte[]"]));
    microsoft.add("mailbox", BOB, "BinaryArray 0x3A70", j!([]));
    assert_eq!(check(&directory), [Usability::BytesWithheld, Usability::Usable, Usability::Usable]);
    let odd = microsoft
        .directory()
        .with_source(contacts().with_property("BinaryArray 0x9"))
        .with_source(EntraSource::graph_property(&["userCertificate"]).unwrap());
    assert_eq!(check(&odd), [Usability::PropertyUnknown; 2]);
    microsoft.state().permissions.clear();
    assert_eq!(check(&directory), [Usability::PermissionMissing; 3]);
    microsoft.state().always.insert(Route::Exchange, json(404, &j!({"error": {"code": "x"}})));
    microsoft.state().always.insert(
        Route::Batch,
        Reply::Answer { status: 302, fields: vec![("Location".into(), "https://localhost:1/".into())], body: vec![] },
    );
    assert_eq!(check(&directory), [Usability::Blocked; 3]);
    let wrong =
        microsoft.directory_with(EntraCredential::client_secret("app", "wrong"), patient()).with_source(preview());
    let checks = wrong.check().unwrap();
    assert_eq!(checks[0].usability, Usability::PermissionMissing);
    assert_eq!(checks[0].source, "exchange-recipients:admin-api-v2");
    assert_eq!(
        checks[0].detail.as_deref(),
        Some("localhost: gives no token: status 401 (invalid_client, AADSTS7000215)")
    );
    assert_eq!(microsoft.violations(), Vec::<String>::new());
}
