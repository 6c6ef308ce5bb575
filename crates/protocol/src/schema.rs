//! How bodies and answers look: the schemas that follow from the wire types, named in the table of endpoints.

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Makes a type's schema.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of `T`.
pub fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// What an endpoint reads beside its query.
#[derive(Clone, Copy, Debug)]
pub enum Reads {
    /// Nothing.
    Nothing,
    /// One JSON object.
    Json(SchemaOf),
    /// A multipart form with a file.
    Form,
}

/// What an endpoint answers when it does not refuse.
#[derive(Clone, Copy, Debug)]
pub enum Answers {
    /// Nobody has said so yet: a test fails.
    Unstated,
    /// `{"errcode":0,"errmsg":"ok"}`.
    Done,
    /// One JSON object.
    Json(SchemaOf),
    /// The bytes of a file, or one JSON object that says where they are.
    File(SchemaOf),
}
