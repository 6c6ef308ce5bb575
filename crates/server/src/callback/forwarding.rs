//! Where a push goes: to a developer's machine while one is connected, else to the URL of the settings.

use crate::callback::sender::{Answered, CallFault, Sender};
use crate::forward::{ForwardFault, ForwardedPush};
use http::{HeaderMap, StatusCode};
use model::Appid;
use model::callback::{CallbackSettings, DEADLINE};
use protocol::callback::PushRequest;
use protocol::limits::REPLY_MAX;
use tokio::time::Instant;

impl Sender {
    /// Sends a push, whose name is `push`, and waits for the answer.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub(super) async fn push(
        &self,
        appid: &Appid,
        settings: &CallbackSettings,
        push: &str,
        request: PushRequest,
    ) -> Result<Answered, CallFault> {
        let end = Instant::now() + DEADLINE;
        if self.forwarders.has(appid)
            && let Some(answered) = self.forward(appid, push, &request, end).await
        {
            return answered;
        }
        if settings.url.is_listen_only() {
            return Err(CallFault::Connection(
                "no machine is connected: `kefu listen` connects one".to_owned(),
            ));
        }
        let url = settings.url.with(&request.query).map_err(CallFault::Settings)?;
        self.post_until(end, &url, request.content_type, request.body).await
    }

    /// Sends a push to the account's machine; `None` if there is none any more.
    async fn forward(
        &self,
        appid: &Appid,
        push: &str,
        request: &PushRequest,
        end: Instant,
    ) -> Option<Result<Answered, CallFault>> {
        let query = request.query.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let push = ForwardedPush {
            id: 0,
            push: push.to_owned(),
            query: query.collect(),
            content_type: request.content_type.to_owned(),
            body: request.body.clone(),
        };
        Some(match self.forwarders.call(appid, &push, end).await {
            Err(ForwardFault::Absent) => return None,
            Err(ForwardFault::Late) => Err(CallFault::Late),
            Ok(answer) if answer.body.len() > REPLY_MAX => Err(CallFault::TooLarge),
            Ok(answer) => match StatusCode::from_u16(answer.status) {
                Ok(status) => Ok(Answered { status, headers: HeaderMap::new(), body: answer.body }),
                // The program was not reached; the body says why.
                Err(_) => Err(CallFault::Connection(String::from_utf8_lossy(&answer.body).into_owned())),
            },
        })
    }
}
