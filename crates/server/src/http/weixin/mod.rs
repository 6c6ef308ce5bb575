//! Weixin's endpoints, one file for each group: each handler parses, calls one verb and answers.

pub mod business;
pub mod kfaccount;
pub mod kfsession;
pub mod media;
pub mod message;
pub mod msgrecord;
pub mod quota;
mod route;
pub mod token;
pub mod wecom;

use crate::state::App;
use axum::Router;

/// Every endpoint of Weixin's, at its path and its aliases.
pub fn routes(app: &App) -> Router<App> {
    [
        token::routes,
        kfaccount::routes,
        kfsession::routes,
        media::routes,
        msgrecord::routes,
        message::routes,
        business::routes,
        wecom::routes,
        quota::routes,
    ]
    .into_iter()
    .fold(Router::new(), |router, routes| router.merge(routes(app)))
}
