//! A strict fake of the login service, Graph and Exchange Online of one tenant.

use crate::odata;
use crate::server::{Reply, Request, json, serve, tls_for, tls_root, with_fields};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use postseal_adapters::directory::entra::{Cloud, EntraCredential, EntraDirectory, EntraLimits};
use postseal_testkit::factory::{Authority, CertSpec, Key, KeyUse, pem};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::sha2::{Digest as _, Sha256};
use rsa::signature::Verifier as _;
use serde_json::{Value, json as j};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) const TENANT: &str = "goal.onmicrosoft.com";
pub(crate) const CLIENT: &str = "8d3c7f0a-2f3b-4a52-9f55-5d1e6f1c8a11";
pub(crate) const SECRET: &str = "s3cr3t~of+the&app=";
pub(crate) const MAILBOX: &str = "smime-directory@goal.example";

/// Where something may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Route {
    Login,
    Graph,
    Batch,
    /// One of a batch.
    Item,
    Exchange,
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// `Get-Mailbox`, `Get-MailContact`, `Get-MailUser`, `users`, `contacts` or `mailbox`.
    pub(crate) kind: &'static str,
    /// The first one is the primary one.
    pub(crate) addresses: Vec<String>,
    /// Members with certificates.
    pub(crate) values: BTreeMap<String, Value>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) permissions: BTreeSet<&'static str>,
    pub(crate) people: Vec<Person>,
    /// What comes instead of the next answers.
    pub(crate) next: BTreeMap<Route, VecDeque<Reply>>,
    /// What comes instead of every answer.
    pub(crate) always: BTreeMap<Route, Reply>,
    pub(crate) requests: Vec<(Route, Request)>,
    /// What no client of Microsoft's may do.
    pub(crate) violations: Vec<String>,
    /// The member `expires_in` of tokens.
    pub(crate) lifetime: Option<Value>,
    /// Whether proxy addresses compare with the spelling of their prefix.
    pub(crate) strict_prefix: bool,
    pub(crate) page: Option<usize>,
    /// Where the next page is said to be.
    pub(crate) elsewhere: Option<String>,
    tokens: BTreeMap<String, String>,
    assertions: BTreeSet<String>,
    count: usize,
    ports: [u16; 3],
    thumbprint: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Microsoft {
    pub(crate) state: Arc<Mutex<State>>,
    pub(crate) ports: [u16; 3],
}

pub(crate) const ALL: [&str; 5] =
    ["User.Read.All", "OrgContact.Read.All", "Contacts.Read", "Exchange.ManageAsApp", "Exchange.ManageAsAppV2"];

/// The application's certificate and the PEM of its key.
pub(crate) fn app_certificate() -> (String, String) {
    let mut spec = CertSpec::mailbox("app@goal.example", Key::Rsa(3));
    spec.key_use = KeyUse::Sign;
    let certificate = Authority::root("App", Key::P256(51)).issue(&spec);
    (pem(certificate.der()), pem(&Key::Rsa(3).private_key()).replace("CERTIFICATE", "PRIVATE KEY"))
}

impl Microsoft {
    pub(crate) fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let tls = tls_for(&tls_root(), "localhost");
        let handle = |handler: fn(&mut State, &Request) -> Reply| {
            let (state, tls) = (Arc::clone(&state), tls.clone());
            serve(Some(tls), move |request| {
                handler(&mut state.lock().unwrap_or_else(|broken| broken.into_inner()), request)
            })
        };
        let ports = [handle(login), handle(graph), handle(exchange)];
        let mut spec = CertSpec::mailbox("app@goal.example", Key::Rsa(3));
        spec.key_use = KeyUse::Sign;
        let certificate = Authority::root("App", Key::P256(51)).issue(&spec);
        let mut own = state.lock().unwrap();
        own.permissions = ALL.into();
        own.ports = ports;
        own.thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(certificate.der()));
        drop(own);
        Self { state, ports }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn cloud(&self) -> Cloud {
        let [login, graph, exchange] = self.ports.map(|port| format!("https://localhost:{port}"));
        Cloud::at(&login, &graph, &exchange).unwrap()
    }

    /// Without sources, with deadlines that no busy machine breaks.
    pub(crate) fn directory(&self) -> EntraDirectory {
        self.directory_with(EntraCredential::client_secret(CLIENT, SECRET), patient())
    }

    pub(crate) fn directory_with(&self, credential: EntraCredential, limits: EntraLimits) -> EntraDirectory {
        let directory = EntraDirectory::new(TENANT, credential).unwrap().with_cloud(self.cloud()).with_limits(limits);
        directory.with_tls_roots(tls_root().pem().as_bytes()).unwrap()
    }

    pub(crate) fn add(&self, kind: &'static str, address: &str, member: &str, value: Value) {
        let values = BTreeMap::from([(member.to_owned(), value)]);
        self.state().people.push(Person { kind, addresses: vec![address.to_owned()], values });
    }

    /// How often something was asked for.
    pub(crate) fn count(&self, route: Route) -> usize {
        self.state().requests.iter().filter(|(own, _)| *own == route).count()
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }
}

pub(crate) fn patient() -> EntraLimits {
    let mut limits = EntraLimits::default();
    (limits.connect, limits.request, limits.total) =
        (Duration::from_secs(20), Duration::from_secs(40), Duration::from_secs(60));
    limits
}

pub(crate) fn base64(der: &[u8]) -> Value {
    STANDARD.encode(der).into()
}

impl State {
    fn scripted(&mut self, route: Route, request: &Request) -> Option<Reply> {
        self.requests.push((route, request.clone()));
        let next = self.next.get_mut(&route).and_then(VecDeque::pop_front);
        next.or_else(|| self.always.get(&route).cloned())
    }

    fn violation(&mut self, words: String) -> Reply {
        self.violations.push(words);
        error(400, "BadRequest")
    }

    fn is_authorised(&self, request: &Request, port: u16) -> bool {
        let token = request.field("authorization").and_then(|field| field.strip_prefix("Bearer "));
        token.and_then(|token| self.tokens.get(token)).is_some_and(|audience| *audience == origin(port))
    }

    /// Every token that was given is good no more.
    pub(crate) fn revoke(&mut self) {
        self.tokens.clear();
    }

    pub(crate) fn given(&self) -> Vec<String> {
        self.tokens.keys().cloned().collect()
    }
}

fn origin(port: u16) -> String {
    format!("https://localhost:{port}")
}

pub(crate) fn error(status: u16, code: &str) -> Reply {
    json(
        status,
        &j!({"error": {"code": code, "message": "about alice@goal.example\u{1b}[2J", "innerError": {"date": "x"}}}),
    )
}

pub(crate) fn throttled(after: Option<&str>) -> Reply {
    let fields: Vec<_> = after.iter().map(|after| ("Retry-After", *after)).collect();
    let body =
        j!({"error": {"code": "TooManyRequests", "innerError": {"code": "429", "status": "429"}, "message": "later"}});
    with_fields(429, &fields, &body)
}

fn login(state: &mut State, request: &Request) -> Reply {
    if let Some(reply) = state.scripted(Route::Login, request) {
        return reply;
    }
    if request.field("authorization").is_some() || request.field("cookie").is_some() {
        return state.violation("a token at the login service".to_owned());
    }
    match grant(state, request) {
        Ok(audience) => give(state, audience, &Value::from(3_599)),
        Err(words) => {
            let body = j!({"error": "invalid_client", "error_description": format!("AADSTS7000215: {words} alice@goal.example"),
                "error_codes": [7_000_215], "timestamp": "x", "trace_id": "x", "correlation_id": "x"});
            json(401, &body)
        }
    }
}

/// As the endpoints of managed identities do.
pub(crate) fn give(state: &mut State, audience: String, lifetime: &Value) -> Reply {
    state.count += 1;
    let token = format!("eyJ0b2tlbiI.{}.{}", state.count, state.ports[0]);
    state.tokens.insert(token.clone(), audience);
    let lifetime = state.lifetime.clone().unwrap_or_else(|| lifetime.clone());
    json(200, &j!({"token_type": "Bearer", "expires_in": lifetime, "access_token": token}))
}

fn grant(state: &mut State, request: &Request) -> Result<String, String> {
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    let is_form = request.field("content-type") == Some("application/x-www-form-urlencoded");
    if request.method != "POST" || request.target != path || !is_form {
        return Err("no request for a token".to_owned());
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let is = |name: &str, value: &str| form.get(name).is_some_and(|own| own == value);
    if !is("client_id", CLIENT) || !is("grant_type", "client_credentials") {
        return Err("another client".to_owned());
    }
    let scope = form.get("scope").and_then(|scope| scope.strip_suffix("/.default")).ok_or("no scope")?.to_owned();
    if scope != origin(state.ports[1]) && scope != origin(state.ports[2]) {
        return Err(format!("unknown resource {scope}"));
    }
    match form.get("client_assertion") {
        None if is("client_secret", SECRET) => Ok(scope),
        Some(token) if is("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") => {
            if token != "federated.token.1" && token != "federated.token.2" {
                assertion(state, token, &format!("{}{path}", origin(state.ports[0])))?;
            }
            Ok(scope)
        }
        _ => Err("no proof".to_owned()),
    }
}

fn assertion(state: &mut State, token: &str, audience: &str) -> Result<(), String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else { return Err("no JWT".to_owned()) };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|error| error.to_string());
    let parse = |part: &str| serde_json::from_slice::<Value>(&decode(part)?).map_err(|error| error.to_string());
    let public = rsa::PublicKey::from_public_key_der(&Key::Rsa(3).public_key_info()).unwrap();
    let signature = rsa::pss::Signature::try_from(decode(signature)?.as_slice()).map_err(|error| error.to_string())?;
    let key = rsa::pss::VerifyingKey::<Sha256>::new(public);
    key.verify(format!("{header}.{claims}").as_bytes(), &signature).map_err(|error| error.to_string())?;
    let (header, claims) = (parse(header)?, parse(claims)?);
    if header != j!({"alg": "PS256", "typ": "JWT", "x5t#S256": state.thumbprint}) {
        return Err(format!("header {header}"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let number = |name: &str| claims[name].as_u64().ok_or_else(|| format!("no {name}"));
    let (from, issued, to) = (number("nbf")?, number("iat")?, number("exp")?);
    if from > now || issued > now + 5 || to <= now || to - from > 600 {
        return Err(format!("{from} {issued} {to} at {now}"));
    }
    if claims["aud"] != audience || claims["iss"] != CLIENT || claims["sub"] != CLIENT {
        return Err(format!("claims {claims}"));
    }
    let id = claims["jti"].as_str().filter(|id| id.len() == 36).ok_or("no jti")?;
    if state.assertions.insert(id.to_owned()) { Ok(()) } else { Err("used before".to_owned()) }
}

fn graph(state: &mut State, request: &Request) -> Reply {
    let is_batch = request.target == "/v1.0/$batch";
    let route = if is_batch { Route::Batch } else { Route::Graph };
    if let Some(reply) = state.scripted(route, request) {
        return reply;
    }
    if !state.is_authorised(request, state.ports[1]) {
        return error(401, "InvalidAuthenticationToken");
    }
    match request.target.strip_prefix("/v1.0") {
        Some(_) if is_batch => batch(state, request),
        Some(target) if request.method == "GET" => graph_get(state, target),
        _ => state.violation(format!("{} {}", request.method, request.target)),
    }
}

fn batch(state: &mut State, request: &Request) -> Reply {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let items = body["requests"].as_array().cloned().unwrap_or_default();
    let ids: BTreeSet<&str> = items.iter().filter_map(|item| item["id"].as_str()).collect();
    if items.is_empty() || items.len() > 20 || ids.len() != items.len() {
        return state.violation(format!("a batch of {}", items.len()));
    }
    let mut responses = Vec::new();
    for item in &items {
        let target = item["url"].as_str().unwrap_or_default();
        let inner = Request { method: "GET".to_owned(), target: target.to_owned(), fields: vec![], body: vec![] };
        let scripted = state.scripted(Route::Item, &inner);
        let reply = scripted.unwrap_or_else(|| graph_get(state, target));
        let Reply::Answer { status, fields, body } = reply else { panic!("{reply:?}") };
        let fields: BTreeMap<String, String> = fields.into_iter().collect();
        let body: Value = serde_json::from_slice(&body).unwrap();
        responses.push(j!({"id": item["id"], "status": status, "headers": fields, "body": body}));
    }
    // In any order but that of the requests.
    responses.reverse();
    json(200, &j!({ "responses": responses }))
}

fn graph_get(state: &mut State, target: &str) -> Reply {
    let (segments, options) = match odata::target(target) {
        Ok(parts) => parts,
        Err(words) => return state.violation(format!("{words}: {target}")),
    };
    let allowed = ["$filter", "$select", "$top", "$expand", "$skiptoken"];
    if let Some(odd) = options.keys().find(|name| !allowed.contains(&name.as_str())) {
        return state.violation(format!("the option {odd}"));
    }
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (permission, kind) = match segments.as_slice() {
        ["users"] => ("User.Read.All", "users"),
        ["contacts"] => ("OrgContact.Read.All", "contacts"),
        ["users", _, "contacts"] | ["users", _, "contacts", _] => ("Contacts.Read", "mailbox"),
        _ => return state.violation(format!("the path {target}")),
    };
    if !state.permissions.contains(permission) {
        return error(403, "Authorization_RequestDenied");
    }
    if segments.get(1).is_some_and(|mailbox| *mailbox != MAILBOX) {
        return error(404, "ErrorInvalidUser");
    }
    if let ["users", _, "contacts", id] = segments.as_slice() {
        return contact(state, id, options.get("$expand").map(String::as_str));
    }
    let known = |name: &str| name.starts_with("extension_") || KNOWN.contains(&name);
    let select: Vec<&str> = options.get("$select").map(|select| select.split(',').collect()).unwrap_or_default();
    if !select.iter().all(|name| known(name)) {
        return error(400, "BadRequest");
    }
    let filter = match options.get("$filter").map(|text| odata::filter(text)).transpose() {
        Ok(filter) => filter,
        Err(words) => return state.violation(format!("{words}: {target}")),
    };
    list(state, kind, filter.as_ref(), &select, target, &options)
}

const KNOWN: [&str; 6] = ["id", "userPrincipalName", "mail", "proxyAddresses", "otherMails", "emailAddresses"];

fn list(
    state: &mut State,
    kind: &str,
    filter: Option<&odata::Filter>,
    select: &[&str],
    target: &str,
    options: &BTreeMap<String, String>,
) -> Reply {
    let strict = state.strict_prefix;
    let people = state.people.iter().enumerate().filter(|(_, person)| person.kind == kind);
    let found: Vec<Value> = people
        .filter(|(_, person)| filter.is_none_or(|filter| matches(person, filter, strict)))
        .map(|(number, person)| object(number, person, select))
        .collect();
    let top = options.get("$top").map_or(100, |top| top.parse().unwrap());
    let size = state.page.unwrap_or(top).min(top);
    let from: usize = options.get("$skiptoken").map_or(0, |token| token.strip_prefix("X'").unwrap().parse().unwrap());
    let page: Vec<&Value> = found.iter().skip(from).take(size).collect();
    let mut answer = j!({"@odata.context": "x", "value": page});
    if from + size < found.len() {
        let rest = target.split("&$skiptoken").next().unwrap();
        let next = format!("{}/v1.0{rest}&$skiptoken=X%27{}", origin(state.ports[1]), from + size);
        answer["@odata.nextLink"] = state.elsewhere.clone().unwrap_or(next).into();
    }
    json(200, &answer)
}

fn matches(person: &Person, filter: &odata::Filter, strict_prefix: bool) -> bool {
    let primary = |number: usize| if number == 0 { "SMTP:" } else { "smtp:" };
    let mut addresses = person.addresses.iter().enumerate();
    match filter.path.as_str() {
        "proxyAddresses" => addresses.any(|(number, own)| {
            let (prefix, text) = filter.text.split_at(5);
            let same = if strict_prefix { prefix == primary(number) } else { prefix.eq_ignore_ascii_case("smtp:") };
            same && own.eq_ignore_ascii_case(text)
        }),
        "mail" => person.values.contains_key("only mail") && person.addresses[0].eq_ignore_ascii_case(&filter.text),
        "emailAddresses/address" => addresses.any(|(_, own)| own.eq_ignore_ascii_case(&filter.text)),
        other => panic!("{other}"),
    }
}

fn object(number: usize, person: &Person, select: &[&str]) -> Value {
    let prefix = |index: usize| if index == 0 { "SMTP:" } else { "smtp:" };
    let proxies = person.addresses.iter().enumerate().map(|(index, own)| format!("{}{own}", prefix(index)));
    let all = j!({
        "id": format!("AAMk/{number}="), "mail": person.addresses[0], "userPrincipalName": "x#EXT#@goal.onmicrosoft.com",
        "proxyAddresses": proxies.collect::<Vec<_>>(), "otherMails": [],
        "emailAddresses": person.addresses.iter().map(|own| j!({"name": "B", "address": own})).collect::<Vec<_>>(),
    });
    let mut chosen = serde_json::Map::new();
    for name in select {
        let value = all.get(*name).or_else(|| person.values.get(*name)).cloned();
        value.map(|value| chosen.insert((*name).to_owned(), value));
    }
    chosen.into()
}

fn contact(state: &mut State, id: &str, expand: Option<&str>) -> Reply {
    let number = id.strip_prefix("AAMk/").and_then(|id| id.strip_suffix('=')?.parse::<usize>().ok());
    let Some(person) = number.and_then(|number| state.people.get(number)).filter(|person| person.kind == "mailbox")
    else {
        return error(404, "ErrorItemNotFound");
    };
    let wanted =
        expand.and_then(|expand| expand.strip_prefix("multiValueExtendedProperties($filter=")?.strip_suffix(')'));
    let Some(Ok(filter)) = wanted.map(odata::filter) else { return error(400, "BadRequest") };
    let mut answer = object(number.unwrap(), person, &["id", "emailAddresses"]);
    let named = person.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(&filter.text));
    if let Some((name, value)) = named {
        answer["multiValueExtendedProperties"] = j!([{"id": name.to_lowercase(), "value": value}]);
    } else if !filter.text.starts_with("BinaryArray 0x3") {
        return error(400, "ErrorInvalidProperty");
    }
    json(200, &answer)
}

fn exchange(state: &mut State, request: &Request) -> Reply {
    if let Some(reply) = state.scripted(Route::Exchange, request) {
        return reply;
    }
    if !state.is_authorised(request, state.ports[2]) {
        return error(401, "InvalidAuthenticationToken");
    }
    let anchor = format!("UPN:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{TENANT}");
    if request.method != "POST" || request.field("x-anchormailbox") != Some(&anchor) {
        return state.violation("no anchor".to_owned());
    }
    let path = request.target.split('?').next().unwrap();
    let (permission, cmdlets): (_, &[&str]) = match path {
        _ if path == format!("/adminapi/v2.0/{TENANT}/Mailbox") => ("Exchange.ManageAsAppV2", &["Get-Mailbox"]),
        _ if path == format!("/adminapi/beta/{TENANT}/InvokeCommand") => {
            ("Exchange.ManageAsApp", &["Get-Mailbox", "Get-MailContact", "Get-MailUser"])
        }
        _ => return state.violation(format!("the path {path}")),
    };
    if !state.permissions.contains(permission) {
        return Reply::Answer { status: 403, fields: vec![], body: vec![] };
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let cmdlet = body["CmdletInput"]["CmdletName"].as_str().unwrap_or_default().to_owned();
    let parameters = body["CmdletInput"]["Parameters"].as_object().cloned().unwrap_or_default();
    let shape = j!({"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}});
    if body != shape || !cmdlets.contains(&cmdlet.as_str()) {
        return state.violation(format!("the command {body}"));
    }
    let people: Vec<&Person> = state.people.iter().filter(|person| person.kind == cmdlet).collect();
    let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
    let found: Vec<&Person> = match names.as_slice() {
        ["ResultSize"] => people.into_iter().take(1).collect(),
        ["Identity"] => {
            let identity = parameters["Identity"].as_str().unwrap().to_owned();
            people.into_iter().filter(|person| person.addresses.iter().any(|own| like(&identity, own))).collect()
        }
        _ => return state.violation(format!("the parameters {names:?}")),
    };
    if found.is_empty() && names == ["Identity"] {
        let message = format!(
            "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|{:?} couldn't be found",
            parameters["Identity"]
        );
        return json(
            404,
            &j!({"error": {"code": "NotFound", "message": "x", "details": [{"code": "Context", "target": "", "message": message}]}}),
        );
    }
    let value: Vec<Value> = found.into_iter().map(recipient).collect();
    json(
        200,
        &j!({"@odata.context": "x", "adminapi.warnings@odata.type": "#Collection(String)", "@adminapi.warnings": [], "value": value}),
    )
}

fn recipient(person: &Person) -> Value {
    let prefix = |index: usize| if index == 0 { "SMTP:" } else { "smtp:" };
    let all: Vec<String> = person.addresses.iter().enumerate().map(|(i, own)| format!("{}{own}", prefix(i))).collect();
    let mut answer = j!({
        "ExchangeGuid@data.type": "System.Guid", "ExchangeGuid": "00000000-", "PrimarySmtpAddress": person.addresses[0],
        "UserSMimeCertificate@odata.type": "#Collection(String)", "UserSMimeCertificate": [],
        "UserCertificate@odata.type": "#Collection(String)", "UserCertificate": [], "EmailAddresses": all,
        "ExchangeSecurityDescriptor": "System.Security.AccessControl.RawSecurityDescriptor",
    });
    for (name, value) in &person.values {
        answer[name] = value.clone();
    }
    answer
}

/// Exchange takes asterisks in identities.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let Some((first, last)) = pattern.split_once('*') else { return pattern == text };
    text.len() >= first.len() + last.len() && text.starts_with(first) && text.ends_with(last)
}
