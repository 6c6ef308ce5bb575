//! What programs, supervisors and operators do on a random day: groups, menus, sessions, settings.

use super::super::group::{change, group, named};
use super::{Day, kf_id};
use crate::actors::code;
use kefu::desk::group::GroupChange;
use model::Openid;
use serde_json::json;

impl Day {
    /// A program or an operator does something.
    pub(super) async fn is_changed(&mut self, act: usize, agent: usize, customer: usize, node: usize) {
        let (prefix, openid) = (["a1", "b1", "c1"][agent], self.customers[customer].openid());
        let account = self.account.at(&self.nodes[node]);
        match act {
            18 | 19 => self.chooses(customer, node).await,
            20 | 21 => {
                let (group, joins) = (self.roll(2) + 1, self.roll(3) > 0);
                let (name, kf_account) = (named(&group.to_string()), account.kf(prefix));
                let done = match joins {
                    true => change(&account, GroupChange::Join { group: name, kf_account }).await,
                    false => change(&account, GroupChange::Leave { group: name, kf_account }).await,
                };
                done.expect("the group is there");
                self.rules.set_member(kf_id(agent), group as i64, joins);
            }
            22 => {
                let number = self.roll(2);
                let name = (number + 1).to_string();
                change(&account, GroupChange::Delete { group: named(&name) }).await.expect("it is there");
                self.groups[number] = group(&account, &name, &name, &[]).await;
                self.rules.delete_group(number as i64 + 1);
            }
            23 => {
                let is_manual = self.roll(4) == 0;
                let by = self.at(node, agent);
                let body = json!({"appid": by.appid, "reception": is_manual.then_some("manual")});
                assert_eq!(by.sends("/desk/api/intake", body).await.0, 200);
                self.rules.set_manual(kf_id(agent), is_manual);
                // The stream ends, because the page must load the agent's settings anew.
                if let Some((there, _)) = self.streams[agent] {
                    self.streams[agent] = Some((there, self.at(there, agent).comes_online().await));
                }
            }
            24 => {
                let is_off = self.roll(6) == 0;
                account.set(|settings| settings.feature = Some(!is_off)).await;
                self.rules.set_off(is_off);
            }
            _ if openid.is_empty() => {}
            25 => {
                let done = code(&account.creates(prefix, &openid).await) == 0;
                let name = self.agents[agent].kf_account.clone();
                assert_eq!(done, self.rules.create(&name, &Openid::stored(openid)), "{:#?}", self.story);
            }
            _ => {
                let done = code(&account.closes(prefix, &openid).await) == 0;
                let name = self.agents[agent].kf_account.clone();
                assert_eq!(done, self.rules.close(&name, &Openid::stored(openid)), "{:#?}", self.story);
            }
        }
    }

    /// A customer who has a menu chooses a group from it; another one gets a menu.
    async fn chooses(&mut self, customer: usize, node: usize) {
        let by = self.customers[customer].at(&self.nodes[node]);
        let openid = Openid::stored(by.openid());
        if openid.as_str().is_empty() {
            return;
        }
        let Some(menu) = self.menus[customer].take() else {
            let list = json!([{"id": "1", "content": "one"}, {"id": "2", "content": "two"}]);
            let menu = json!({"msgtype": "msgmenu", "msgmenu": {"list": list}});
            // The feature may be off, or the send window closed.
            if code(&self.account.sends(openid.as_str(), menu).await) == 0 {
                self.rules.program_writes(&openid);
                self.menus[customer] = Some(by.last().await);
            }
            return;
        };
        let group = self.roll(2) + 1;
        assert_eq!(by.chooses(&menu, &group.to_string()).await.0, 200);
        self.rules.write_to(&openid, Some(group as i64));
    }
}
