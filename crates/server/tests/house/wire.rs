//! `web/src/wire.ts` is generated from the types of the server's answers and streams. `KEFU_BLESS=1` writes it again.

mod print;

use kefu::callback::inspect::ShownPush;
use kefu::desk::callback::ServerAlarms;
use kefu::desk::callback::inspect::PushPage;
use kefu::desk::ended_login::EndReason;
use kefu::desk::menu_choice::Chosen;
use kefu::desk::message::HistoryPage;
use kefu::desk::session_view::Accepted;
use kefu::desk::snapshot::{ChatSnapshot, DeskSnapshot};
use kefu::desk::why::{ChatPlace, WhyIdle, WhyWaiting};
use kefu::http::answers::{
    Colleagues, DraftKept, GroupChanged, Groups, LoggedIn, Logins, MessageWritten, Messages, MissedCustomers,
    Sessions,
};
use kefu::http::chat_caller::MessageSent;
use kefu::http::debug::Debug;
use kefu::http::debug::callback::DebugCallback;
use kefu::http::debug::pushes::{PushKinds, Replays};
use kefu::http::fact::{ChatFact, DeskFact, ShownChange, TypingEvent};
use model::TextEnum;
use model::account::Reception;
use model::agent::Presence;
use model::session::SessionState;
use protocol::endpoint::AccountKind;
use protocol::message::{Content, Film, Location, Msgtype, Recording, Text};
use protocol::token::AccessToken;
use std::any::TypeId;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use ts_rs::{Config, TS, TypeVisitor};

const HEAD: &str = "\
/**
 * The shapes the server sends, made from its types: `KEFU_BLESS=1 cargo test -p kefu wire`. Do not edit. Times are Unix
 * milliseconds, ids are integers.
 */
";

/// The declarations so far, and the names of their types.
#[derive(Default)]
struct Types(BTreeMap<String, String>);

impl TypeVisitor for Types {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // A type without a path, such as a list, has no declaration.
        if T::output_path().is_some() {
            let (name, declared) = (T::ident(&config()), T::decl(&config()));
            let text = print::declaration(T::docs().as_deref(), &declared);
            match self.0.insert(name, text.clone()) {
                Some(before) => return assert_eq!(before, text, "two types of one name"),
                None => T::visit_dependencies(self),
            }
        }
        T::visit_generics(self);
    }
}

impl Types {
    /// Writes a type, then the types that it names and that are not written yet, in their order.
    fn write(&mut self, name: &str, text: &mut String) {
        let Some(declaration) = self.0.remove(name) else { return };
        *text += &declaration;
        let code = declaration.lines().filter(|line| !line.trim_start().starts_with(['/', '*']));
        for word in code.flat_map(|line| line.split(|it: char| !it.is_alphanumeric())) {
            self.write(word, text);
        }
    }
}

fn config() -> Config {
    Config::new().with_large_int("number")
}

/// The types of message bodies, each once.
#[derive(Default)]
struct Bodies(Vec<String>);

impl TypeVisitor for Bodies {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        let name = T::ident(&config());
        // A text message has no body: its text is the message's `text`.
        if TypeId::of::<T>() != TypeId::of::<Text>() && !self.0.contains(&name) {
            self.0.push(name);
        }
    }
}

/// All members of all msgtypes as optional members of one type.
fn body() -> String {
    let mut bodies = Bodies::default();
    Content::visit_types(&mut bodies);
    bodies.visit::<Chosen<'static>>();
    bodies.visit::<Recording>();
    bodies.visit::<Film>();
    bodies.visit::<Location>();
    let docs = "What a message says beyond its text, by kind; addresses in it are anybody's.";
    print::declaration(Some(docs), &format!("type Body = Partial<{}>;", bodies.0.join(" & ")))
}

macro_rules! types {
    ($($answer:ty),* $(,)?) => {{
        let (mut types, mut text) = (Types::default(), String::new());
        types.visit::<Msgtype>();
        types.visit::<Chosen<'static>>();
        types.visit::<Recording>();
        types.visit::<Film>();
        types.visit::<Location>();
        Content::visit_types(&mut types);
        types.0.insert("Body".to_owned(), body());
        $(types.visit::<$answer>();)*
        $(types.write(&<$answer>::ident(&config()), &mut text);)*
        text
    }};
}

/// The declarations of all answers and events, each before those it names.
fn wire() -> String {
    let text = types![
        DeskSnapshot,
        ShownChange<'static, DeskFact<'static>>,
        DeskFact<'static>,
        Accepted,
        MessageWritten,
        HistoryPage,
        Messages,
        Groups,
        GroupChanged,
        Sessions,
        Colleagues,
        MissedCustomers,
        WhyWaiting,
        WhyIdle,
        ChatPlace,
        DraftKept,
        LoggedIn<'static>,
        Logins,
        EndReason,
        ChatSnapshot,
        ChatFact<'static>,
        TypingEvent,
        MessageSent<'static>,
        Debug<'static>,
        ServerAlarms,
        AccessToken,
        PushPage,
        ShownPush,
        Replays,
        PushKinds,
        DebugCallback,
    ];
    format!("{HEAD}{text}")
}

#[test]
fn the_types_of_the_pages_are_those_of_the_server() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/wire.ts");
    let (text, is_blessed) = (wire(), std::env::var_os("KEFU_BLESS").is_some());
    if is_blessed {
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    assert!(written == text, "web/src/wire.ts is stale: KEFU_BLESS=1 cargo test -p kefu wire");
}

/// Some enums are sent by serde, some as the store's text; both must be the same.
#[test]
fn an_enum_has_one_text_for_the_store_and_the_pages() {
    fn compare<T: TS + TextEnum>() {
        let words: Vec<_> = T::TEXTS.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        assert_eq!(T::inline(&config()), words.join(" | "));
    }
    compare::<AccountKind>();
    compare::<Presence>();
    compare::<EndReason>();
    compare::<Reception>();
    compare::<SessionState>();
}
