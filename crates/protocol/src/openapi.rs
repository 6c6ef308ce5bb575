//! The OpenAPI 3.1 document of Weixin's endpoints, derived from the tables and the wire types.

use crate::endpoint::{ALL, AccountKind, CalledBy, Endpoint};
use crate::errcode::Errcode;
use crate::limits::{BODY_MAX, FILE_MAX};
use crate::media::Format;
use crate::parameter::{ACCESS_TOKEN, Parameter, ParameterDoc, ParameterPlace};
use crate::schema::{Answers, Reads, SchemaOf};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The introduction: what a caller should know before the first call.
const ABOUT: &str = "Weixin's customer-service API, as this desk answers it.\n\n\
    Every answer is HTTP 200. A refusal is told by `errcode` in the body, never by the status: `errcode` is absent or \
    0 when a call succeeded. A wrong method answers 43001 or 43002, a missing token 41001. Bodies are read as JSON \
    whatever their `Content-Type` says, and may hold no NUL. Addresses marked as deprecated are other ways in which \
    SDKs spell the same endpoint.\n\n\
    The calls of the workbench and of the customer page (`/desk/api`, `/chat/api`) are private: they change with the \
    pages and are not described here.";

/// One way to call an endpoint.
#[derive(Debug)]
pub struct Operation {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    /// `get` or `post`.
    pub method: &'static str,
    /// The documented path or an alias.
    pub path: &'static str,
    /// Weixin's name for the endpoint; with a suffix for its other method and its other paths.
    pub id: String,
}

/// Every route of Weixin's endpoints: each path with each method.
pub fn operations() -> impl Iterator<Item = Operation> {
    ALL.iter().flat_map(|endpoint| {
        endpoint.paths().enumerate().flat_map(move |(number, path)| {
            endpoint.all_methods().iter().map(move |method| Operation {
                endpoint,
                method,
                path,
                id: id(endpoint, method, number),
            })
        })
    })
}

fn id(endpoint: &Endpoint, method: &str, number: usize) -> String {
    let other = if method == endpoint.main_method() { String::new() } else { format!("_{method}") };
    let alias = if number == 0 { String::new() } else { format!("_alias{number}") };
    format!("{}{other}{alias}", endpoint.name)
}

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let settings = || {
        SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
    };
    let mut shapes = Shapes {
        read: settings().for_deserialize().into_generator(),
        said: settings().for_serialize().into_generator(),
    };
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let described = describe(&operation, &mut shapes);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described;
    }
    let mut schemas = shapes.read.take_definitions(true);
    schemas.extend(shapes.said.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Kefu", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "tags": groups().iter().map(|group| json!({"name": group})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"access_token": {"type": "apiKey", "in": "query", "name": "access_token",
                "description": ACCESS_TOKEN.en, "x-zh": ACCESS_TOKEN.zh}},
        },
        "x-errcodes": codes(),
    })
}

fn groups() -> Vec<&'static str> {
    let mut groups = Vec::new();
    for endpoint in ALL {
        if !groups.contains(&endpoint.group) {
            groups.push(endpoint.group);
        }
    }
    groups
}

/// What each of Weixin's codes says, means, and how to mend it.
fn codes() -> Value {
    let explained = |code: &Errcode| {
        let help = code.help()?;
        let value = json!({
            "errmsg": code.text(),
            "source": code.source(),
            "means": {"en": help.means, "zh": help.means_zh},
            "mend": {"en": help.mend, "zh": help.mend_zh},
        });
        Some((code.number().to_string(), value))
    };
    Value::Object(Errcode::ALL.iter().filter(|code| !code.is_own()).filter_map(explained).collect())
}

/// The schemas of requests and of answers: one type can have a different schema in each.
struct Shapes {
    read: SchemaGenerator,
    said: SchemaGenerator,
}

fn describe(operation: &Operation, shapes: &mut Shapes) -> Value {
    let endpoint = operation.endpoint;
    let mut value = json!({
        "operationId": operation.id,
        "summary": endpoint.meaning.trim(),
        "description": description(endpoint),
        "tags": [endpoint.group],
        "externalDocs": {"url": endpoint.page, "description": "Weixin's page"},
        "security": if endpoint.called_by == CalledBy::Secret { json!([]) } else { json!([{"access_token": []}]) },
        "parameters": in_queries(endpoint, operation),
        "responses": {"200": answer(endpoint, &mut shapes.said)},
        "x-kefu": facts(endpoint),
    });
    if operation.method != endpoint.main_method() {
        value["x-beyond-page"] = true.into();
    }
    if operation.path != endpoint.path {
        value["deprecated"] = true.into();
    }
    if let (Reads::Json(shape), "post") = (endpoint.takes.reads, operation.method) {
        let schema = body(endpoint, shape, &mut shapes.read);
        let required = endpoint.takes.parameters().any(|parameter| parameter.place == ParameterPlace::Body);
        value["requestBody"] =
            json!({"required": required, "content": {"application/json": {"schema": schema}}});
    }
    if let Reads::Form = endpoint.takes.reads {
        value["requestBody"] =
            json!({"required": true, "content": {"multipart/form-data": {"schema": form(endpoint)}}});
    }
    value
}

/// The form of an upload: its file. Other parameters are in the query.
fn form(endpoint: &Endpoint) -> Value {
    let parts = || endpoint.takes.parameters().filter(|parameter| parameter.place == ParameterPlace::Form);
    let properties: Map<String, Value> = parts()
        .map(|part| {
            let file = json!({"type": "string", "contentMediaType": "application/octet-stream",
                "description": part.doc.en, "x-zh": part.doc.zh});
            (part.name.to_owned(), file)
        })
        .collect();
    json!({"type": "object", "properties": properties, "required": parts().map(|part| part.name).collect::<Vec<_>>()})
}

fn description(endpoint: &Endpoint) -> String {
    let mut text = endpoint.meaning.trim().to_owned();
    text.push_str(&format!("\n\nCalled by: {}.", called_by(endpoint)));
    for (rule, _) in endpoint.rules {
        text.push_str(&format!("\n\n{}", rule));
    }
    if let Some(name) = endpoint.cloud {
        text.push_str(&format!(
            "\n\nThe page's cloud call `{name}` is not served here: every call needs its token."
        ));
    }
    if !endpoint.differs.is_empty() {
        text.push_str(&format!("\n\nAgainst Weixin's page: {}.", endpoint.differs));
    }
    text.push_str("\n\n| errcode | errmsg |\n|---|---|\n");
    for code in endpoint.codes() {
        text.push_str(&format!("| {} | {} |\n", code.number(), code.text()));
    }
    text
}

/// The kinds of account in texts, each with its word; kind `Other` may not call any endpoint.
fn kinds() -> impl Iterator<Item = (AccountKind, &'static str, String)> {
    let may_call = AccountKind::WORDS.iter().filter(|(_, kind)| *kind != AccountKind::Other);
    may_call.map(|(word, kind)| {
        let is_official = matches!(kind, AccountKind::Subscription | AccountKind::Service);
        let name =
            if is_official { format!("{word} accounts") } else { format!("{}s", word.replace('-', " ")) };
        (*kind, *word, name)
    })
}

/// Who may call an endpoint, and which kinds must be certified, in one line.
#[must_use]
pub fn called_by(endpoint: &Endpoint) -> String {
    match (endpoint.called_by, platforms(endpoint)) {
        (CalledBy::Secret, "secret") => {
            return "third-party platforms, with their own secret; no token".to_owned();
        }
        (CalledBy::Secret, _) => {
            return "accounts, with their own secret; no token, no third-party platform".to_owned();
        }
        _ => {}
    }
    let one = |(kind, _, name)| {
        let certified = if endpoint.asks_of(kind)? { "certified " } else { "" };
        Some(format!("{certified}{name}"))
    };
    let accounts: Vec<String> = kinds().filter_map(one).collect();
    let platforms = match (endpoint.called_by, endpoint.sets) {
        (CalledBy::Any, _) => {
            "third-party platforms for an account that has granted them anything, and for themselves"
                .to_owned()
        }
        (_, []) => "no third-party platform".to_owned(),
        (_, sets) => {
            let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
            format!(
                "third-party platforms that have one of the permission sets {} of such an account",
                sets.join(", ")
            )
        }
    };
    format!("{}; {platforms}", accounts.join(", "))
}

/// The kinds of account that may call an endpoint, each with whether it must be certified.
fn callers(endpoint: &Endpoint) -> Vec<Value> {
    let one = |(kind, word, _)| Some(json!({"kind": word, "certified": endpoint.asks_of(kind)?}));
    match endpoint.called_by {
        CalledBy::Secret if platforms(endpoint) == "none" => {
            vec![json!({"kind": "secret", "certified": false})]
        }
        CalledBy::Secret => Vec::new(),
        _ => kinds().filter_map(one).collect(),
    }
}

/// Which third-party platforms may call an endpoint: `none`, those with one of its `sets`, `any`, or one with its own
/// `secret`.
fn platforms(endpoint: &Endpoint) -> &'static str {
    let is_for_them = endpoint.takes.parameters().any(|parameter| parameter.name == "component_appid");
    match (endpoint.called_by, endpoint.sets) {
        (CalledBy::Secret, _) if is_for_them => "secret",
        (CalledBy::Any, _) => "any",
        (_, []) => "none",
        _ => "sets",
    }
}

/// The facts of the row that OpenAPI cannot express.
fn facts(endpoint: &Endpoint) -> Value {
    let rules: Vec<Value> = endpoint.rules.iter().map(|(en, zh)| json!({"en": en, "zh": zh})).collect();
    let body_max = if matches!(endpoint.takes.reads, Reads::Form) { FILE_MAX } else { BODY_MAX as u64 };
    let has_body = endpoint.takes.parameters().any(|parameter| parameter.place != ParameterPlace::Query);
    json!({
        "name": endpoint.name,
        "order": ALL.iter().position(|row| row.name == endpoint.name),
        "meaning": {"en": endpoint.meaning.trim(), "zh": endpoint.meaning_zh},
        "callers": callers(endpoint),
        "platforms": platforms(endpoint),
        "sets": endpoint.sets,
        "rules": rules,
        "cloud": endpoint.cloud,
        "quota": endpoint.quota,
        "differs": endpoint.differs,
        "codes": endpoint.codes().iter().map(|code| code.number()).collect::<Vec<_>>(),
        "body_max": has_body.then_some(body_max),
    })
}

/// The parameters of an operation that can stand in the query.
fn in_queries(endpoint: &Endpoint, operation: &Operation) -> Vec<Value> {
    let in_query_too = |it: &&Parameter| !matches!(it.place, ParameterPlace::Body | ParameterPlace::Form);
    endpoint.takes.parameters().filter(in_query_too).map(|it| in_query(it, operation)).collect()
}

/// A parameter in the query. It is optional where the body may hold it instead.
fn in_query(parameter: &Parameter, operation: &Operation) -> Value {
    let only_here = parameter.place == ParameterPlace::Query || operation.method == "get";
    let mut schema = json!({"type": "string"});
    constrain(&mut schema, &parameter.doc);
    json!({"name": parameter.name, "in": "query", "required": parameter.required && only_here, "schema": schema,
        "description": parameter.doc.en, "x-zh": parameter.doc.zh})
}

/// Adds to a schema which values the parameter takes.
fn constrain(schema: &mut Value, doc: &ParameterDoc) {
    let pattern = doc.pattern();
    if !pattern.is_empty() {
        schema["pattern"] = pattern.into();
    }
    if let Ok(example) = serde_json::from_str::<Value>(doc.example) {
        schema["examples"] = json!([example]);
    }
}

/// The schema of a body: of the wire type, with what its parameters state.
fn body(endpoint: &Endpoint, schema_of: SchemaOf, generator: &mut SchemaGenerator) -> Value {
    let mut schema = whole(schema_of, generator);
    for parameter in endpoint.takes.parameters() {
        let member = &mut schema["properties"][parameter.name];
        constrain(member, &parameter.doc);
        member["description"] = parameter.doc.en.into();
        member["x-zh"] = parameter.doc.zh.into();
        if parameter.required {
            not_null(member);
        }
    }
    let required = |it: &&Parameter| it.required && it.place == ParameterPlace::Body;
    schema["required"] = endpoint.takes.parameters().filter(required).map(|it| it.name).collect();
    schema
}

/// The JSON type of a parameter, as `docs/protocol.md` names it: `string`, `number`, `boolean`, `object` or `file`.
#[must_use]
pub fn type_of(endpoint: &Endpoint, parameter: &Parameter) -> String {
    let Reads::Json(schema_of) = endpoint.takes.reads else {
        let word = if parameter.place == ParameterPlace::Form { "file" } else { "string" };
        return word.to_owned();
    };
    let mut member = whole(schema_of, &mut SchemaGenerator::default())["properties"][parameter.name].take();
    not_null(&mut member);
    match member["type"].as_str().unwrap_or_default() {
        "integer" => "number".to_owned(),
        word => word.to_owned(),
    }
}

/// Every parameter with another meaning once, `access_token` first, in the order of the endpoints: its name, behind the
/// group and a dot where the name has another meaning before, and its meaning.
#[must_use]
pub fn parameters() -> Vec<(String, ParameterDoc)> {
    let mut known: Vec<(String, ParameterDoc)> = vec![("access_token".to_owned(), ACCESS_TOKEN)];
    for endpoint in ALL {
        for Parameter { name, doc, .. } in endpoint.takes.parameters() {
            let ends = |known: &str| known.rsplit('.').next() == Some(name);
            if !known.iter().any(|(other, means)| ends(other) && means.en == doc.en) {
                let is_new = !known.iter().any(|(other, _)| ends(other));
                let shown = if is_new { (*name).to_owned() } else { format!("{}.{name}", endpoint.group) };
                known.push((shown, *doc));
            }
        }
    }
    known
}

/// Removes `null` from the types of a required member. The wire type has an `Option` if a missing member has a code of
/// its own.
fn not_null(member: &mut Value) {
    if let Some(kinds) = member["type"].as_array_mut() {
        kinds.retain(|kind| kind != "null");
        if let [kind] = &kinds[..] {
            member["type"] = kind.clone();
        }
    }
}

/// The schema itself, not a reference to it.
fn whole(shape: SchemaOf, generator: &mut SchemaGenerator) -> Value {
    let schema = shape(generator);
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    let found = name.and_then(|name| generator.definitions().get(name)).cloned();
    found.unwrap_or_else(|| Value::from(schema))
}

fn answer(endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let success = match endpoint.answers {
        Answers::Unstated => json!({}),
        Answers::Done => json!({"type": "object", "required": ["errcode", "errmsg"],
            "properties": {"errcode": {"const": 0}, "errmsg": {"const": "ok"}}}),
        Answers::Json(shape) | Answers::File(shape) => Value::from(shape(generator)),
    };
    let codes: Vec<i64> =
        endpoint.codes().iter().filter(|code| **code != Errcode::Ok).map(|code| code.number()).collect();
    let refusal = json!({"type": "object", "title": "Refusal", "required": ["errcode", "errmsg"], "properties": {
        "errcode": {"type": "integer", "enum": codes},
        "errmsg": {"type": "string", "pattern": " rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$"}}});
    let mut content = json!({"application/json": {"schema": {"oneOf": [success, refusal]}}});
    if matches!(endpoint.answers, Answers::File(_)) {
        for format in Format::ALL {
            content[format.content_type()] = json!({});
        }
    }
    json!({"description": "What was asked for, or a refusal.", "content": content})
}
