//! What an endpoint reads and answers: columns of the table of endpoints that name wire types.

use crate::parameter::{MEDIA, Parameter, Parameters};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Makes the JSON schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The JSON schema of `T`.
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

/// What an endpoint takes beside its token.
#[derive(Clone, Copy, Debug)]
pub struct Takes {
    parameters: &'static [&'static [Parameter]],
    /// What the endpoint reads beside its query.
    pub reads: Reads,
}

impl Takes {
    /// No parameter.
    pub const NOTHING: Takes = Takes { parameters: &[], reads: Reads::Nothing };

    /// The parameters of `T`, in the query.
    #[must_use]
    pub const fn query<T: Parameters>() -> Takes {
        Takes { parameters: const { &[T::PARAMETERS] }, reads: Reads::Nothing }
    }

    /// The parameters of `T`, in a JSON body or, where `T` says so, in the query.
    #[must_use]
    pub const fn json<T: Parameters + JsonSchema>() -> Takes {
        Takes { parameters: const { &[T::PARAMETERS] }, reads: Reads::Json(of::<T>) }
    }

    /// The parameters of `T` and of `More`, whose members `T` holds, in a JSON body.
    #[must_use]
    pub const fn json_with<T: Parameters + JsonSchema, More: Parameters>() -> Takes {
        Takes { parameters: const { &[T::PARAMETERS, More::PARAMETERS] }, reads: Reads::Json(of::<T>) }
    }

    /// A file in a multipart form, and the parameters of `T` in the query or in the form.
    #[must_use]
    pub const fn form<T: Parameters>() -> Takes {
        Takes { parameters: const { &[T::PARAMETERS, &[MEDIA]] }, reads: Reads::Form }
    }

    /// The parameters, in the order of Weixin's page.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> + use<> {
        self.parameters.iter().copied().flatten()
    }
}

/// What an endpoint answers when it does not refuse.
#[derive(Clone, Copy, Debug)]
pub enum Answers {
    /// The row has no column `answers`: a test fails.
    Unstated,
    /// `{"errcode":0,"errmsg":"ok"}`.
    Done,
    /// One JSON object.
    Json(SchemaOf),
    /// The bytes of a file, or one JSON object that says where they are.
    File(SchemaOf),
}
