//! Weixin's endpoints, one file for each group: each handler parses, calls one verb and answers.

pub mod business;
pub mod kfaccount;
pub mod kfsession;
pub mod media;
pub mod message;
pub mod msgrecord;
pub mod network;
pub mod quota;
mod route;
pub mod token;
pub mod wecom;

use crate::state::App;
use axum::Router;
use route::merged;

/// Every endpoint of Weixin's, at its path and its aliases.
pub fn routes(app: &App) -> Router<App> {
    merged([
        token::routes(app),
        kfaccount::routes(app),
        kfsession::routes(app),
        media::routes(app),
        msgrecord::routes(app),
        message::routes(app),
        business::routes(app),
        wecom::routes(app),
        quota::routes(app),
        network::routes(app),
    ])
}
