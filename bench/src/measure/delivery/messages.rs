//! The messages that customers write, and their order.

use crate::data::customers::Customer;
use crate::measure::load;
use anyhow::Context;
use bytes::Bytes;
use std::sync::Arc;

/// The order in which customers write: one group of customers after another. The customers of a group take turns, until
/// each has written so many messages.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    /// Customers of a group: more than connections, so that few wait for the acknowledgement of their last message.
    pub(crate) group: usize,
    /// Messages of each customer.
    pub(crate) each: usize,
}

impl Order {
    /// The customer of the `n`th message, and how many messages of that customer come before it.
    pub(crate) fn place(self, n: usize) -> (usize, usize) {
        let (groups, rest) = (n / (self.group * self.each), n % (self.group * self.each));
        (groups * self.group + rest % self.group, rest / self.group)
    }

    /// The number of customers who write the first so many messages.
    pub(crate) fn customers(self, messages: usize) -> usize {
        let (groups, rest) = (messages / (self.group * self.each), messages % (self.group * self.each));
        groups * self.group + rest.min(self.group)
    }
}

/// A customer's message.
pub(crate) struct Message {
    pub(crate) appid: String,
    pub(crate) openid: String,
    /// The hash of the customer's cookie.
    pub(crate) cookie_sha256: String,
    pub(crate) client_id: String,
    pub(crate) text: String,
}

impl Message {
    /// The first so many messages of the customers in `lines`, each with appid, openid and the hash of the cookie.
    pub(crate) fn all_of(lines: &str, order: Order, messages: usize) -> anyhow::Result<Arc<[Self]>> {
        let customers: Vec<Vec<&str>> = lines.lines().map(|line| line.split(' ').collect()).collect();
        let message = |n: usize| {
            let customer = customers.get(order.place(n).0).context("there are too few customers")?;
            let [appid, openid, cookie_sha256] = customer[..] else { anyhow::bail!("a malformed customer") };
            Ok(Message {
                appid: appid.to_owned(),
                openid: openid.to_owned(),
                cookie_sha256: cookie_sha256.to_owned(),
                client_id: client_id(n),
                text: text(n),
            })
        };
        (0..messages).map(message).collect()
    }
}

/// The id that the page gives the `n`th message.
pub(crate) fn client_id(n: usize) -> String {
    format!("m{n}")
}

/// The text of the `n`th message.
pub(crate) fn text(n: usize) -> String {
    format!("第 {n} 问：请问这件商品什么时候发货？")
}

/// The request for the `n`th message, as a proxy passes it on: each customer has an address.
pub(crate) fn request(customers: &[Customer], order: Order, n: usize) -> Bytes {
    let (customer, _) = order.place(n);
    let Customer { appid, cookie, .. } = &customers[customer];
    let [.., a, b, c] = customer.to_be_bytes();
    let headers = format!(
        "Host: localhost\r\nSec-Fetch-Site: same-origin\r\nX-Forwarded-For: 10.{a}.{b}.{c}\r\n\
         Cookie: kefu_{appid}={cookie}\r\n"
    );
    let body = serde_json::json!({ "client_id": client_id(n), "text": text(n) });
    load::post_with(&format!("/chat/api/{appid}/message"), &headers, &body.to_string())
}

#[cfg(test)]
mod tests {
    use super::Order;

    #[test]
    fn groups_of_customers_write_one_after_another() {
        let order = Order { group: 2, each: 3 };
        let places: Vec<_> = (0..8).map(|n| order.place(n)).collect();
        assert_eq!(places, [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 0), (3, 0)]);
        assert_eq!([0, 1, 2, 6, 7, 12].map(|messages| order.customers(messages)), [0, 1, 2, 2, 3, 4]);
    }
}
