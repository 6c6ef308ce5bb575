//! Wire types of the endpoints about the network between the desk and developers' servers: callbackCheck and
//! getCallbackIp.

use crate::Errcode;
use crate::parameter::{ParameterDoc, parameters};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The only operator of this desk: its own network.
const OPERATOR: &str = "DEFAULT";
/// The operators that Weixin's page names.
const OPERATORS: [&str; 4] = ["CHINANET", "UNICOM", "CAP", OPERATOR];

parameters! {
    /// Body of callbackCheck.
    /// <https://developers.weixin.qq.com/doc/service/en/api/base/api_callbackcheck>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct CallbackCheck in Body {
        action: String, required, ParameterDoc::new(
            "What is checked: dns looks up the host of the URL, ping connects to its addresses, all does both.",
            "检测动作：dns 解析 URL 的域名，ping 连接解析出的地址，all 两者都做。",
        )
        .example(r#""all""#)
        .matching("^(dns|ping|all)$");
        check_operator: String, required, ParameterDoc::new(
            "CHINANET, UNICOM, CAP or DEFAULT. A desk has one network, so all four check from the same place.",
            "检测运营商：CHINANET、UNICOM、CAP 或 DEFAULT。本系统只有一个出口，四者相同。",
        )
        .example(r#""DEFAULT""#)
        .matching("^(CHINANET|UNICOM|CAP|DEFAULT)$");
    }
}

/// What a check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckAction {
    /// Whether the addresses of the host are answered.
    pub dns: bool,
    /// Whether the addresses are connected to.
    pub ping: bool,
}

impl CallbackCheck {
    /// What is to be checked.
    ///
    /// # Errors
    /// 40202, 40203.
    pub fn action(&self) -> Result<CheckAction, Errcode> {
        let action = match self.action.as_str() {
            "dns" => CheckAction { dns: true, ping: false },
            "ping" => CheckAction { dns: false, ping: true },
            "all" => CheckAction { dns: true, ping: true },
            _ => return Err(Errcode::InvalidCheckAction),
        };
        if OPERATORS.contains(&self.check_operator.as_str()) {
            Ok(action)
        } else {
            Err(Errcode::InvalidCheckOperator)
        }
    }
}

/// Answer of callbackCheck: a list for each part of the action.
/// <https://developers.weixin.qq.com/doc/service/en/api/base/api_callbackcheck>
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallbackChecked {
    /// The addresses of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    dns: Option<Vec<FoundAddress>>,
    /// How long connecting took.
    #[serde(skip_serializing_if = "Option::is_none")]
    ping: Option<Vec<Ping>>,
}

/// An address of the host.
#[derive(Debug, Serialize, JsonSchema)]
struct FoundAddress {
    ip: String,
    real_operator: &'static str,
}

/// What became of connecting to an address.
#[derive(Debug, Serialize, JsonSchema)]
struct Ping {
    ip: String,
    from_operator: &'static str,
    /// `0%` or `100%`: there is one packet.
    package_loss: &'static str,
    /// Milliseconds with three decimals, and `ms` behind them; `0.000ms` if the packet was lost.
    time: String,
}

impl CallbackChecked {
    /// The answer to `action` for these addresses. Each has the time that connecting took, `None` where it failed.
    #[must_use]
    pub fn of(action: CheckAction, addresses: impl IntoIterator<Item = (String, Option<Duration>)>) -> Self {
        let (mut dns, mut pings) = (Vec::new(), Vec::new());
        for (ip, took) in addresses {
            dns.push(FoundAddress { ip: ip.clone(), real_operator: OPERATOR });
            pings.push(Ping {
                ip,
                from_operator: OPERATOR,
                package_loss: if took.is_some() { "0%" } else { "100%" },
                time: format!("{:.3}ms", took.unwrap_or_default().as_secs_f64() * 1000.0),
            });
        }
        CallbackChecked { dns: action.dns.then_some(dns), ping: action.ping.then_some(pings) }
    }
}

/// Answer of getCallbackIp.
/// <https://developers.weixin.qq.com/doc/service/en/api/base/api_getcallbackip>
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallbackIp {
    /// Addresses, and networks such as `101.226.103.0/25`.
    pub ip_list: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::{CallbackCheck, CallbackChecked, CheckAction};
    use crate::Errcode;
    use std::time::Duration;

    fn asked(action: &str, operator: &str) -> Result<CheckAction, Errcode> {
        CallbackCheck { action: action.to_owned(), check_operator: operator.to_owned() }.action()
    }

    #[test]
    fn the_action_is_checked_before_the_operator() {
        assert_eq!(asked("all", "UNICOM"), Ok(CheckAction { dns: true, ping: true }));
        assert_eq!(asked("dns", "CAP"), Ok(CheckAction { dns: true, ping: false }));
        assert_eq!(asked("ALL", "x"), Err(Errcode::InvalidCheckAction));
        assert_eq!(asked("ping", "default"), Err(Errcode::InvalidCheckOperator));
    }

    #[test]
    fn the_answer_is_as_the_page_shows_it() {
        let addresses = || {
            [("192.0.2.1".to_owned(), Some(Duration::from_micros(23_079))), ("2001:db8::1".to_owned(), None)]
        };
        let text = |action| {
            let checked = CallbackChecked::of(action, addresses());
            serde_json::to_string(&checked).expect("plain data")
        };
        let dns = concat!(
            r#""dns":[{"ip":"192.0.2.1","real_operator":"DEFAULT"},"#,
            r#"{"ip":"2001:db8::1","real_operator":"DEFAULT"}]"#
        );
        let ping = concat!(
            r#""ping":[{"ip":"192.0.2.1","from_operator":"DEFAULT","package_loss":"0%","time":"23.079ms"},"#,
            r#"{"ip":"2001:db8::1","from_operator":"DEFAULT","package_loss":"100%","time":"0.000ms"}]"#
        );
        assert_eq!(text(CheckAction { dns: true, ping: true }), format!("{{{dns},{ping}}}"));
        assert_eq!(text(CheckAction { dns: true, ping: false }), format!("{{{dns}}}"));
        assert_eq!(text(CheckAction { dns: false, ping: true }), format!("{{{ping}}}"));
    }
}
