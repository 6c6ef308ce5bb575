//! IP networks: of callers that an account allows, and of trusted proxies.

use ipnet::IpNet;
use std::error::Error;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An IP address, or all addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Whether the network contains an address. An IPv4 address mapped to IPv6 is the same address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether the network contains every address of its family.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.0.prefix_len() == 0
    }
}

/// The text is neither an address nor a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkInvalid;

impl fmt::Display for NetworkInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is neither an address nor a network, like 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32")
    }
}

impl Error for NetworkInvalid {}

impl FromStr for Network {
    type Err = NetworkInvalid;

    /// `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/32`.
    fn from_str(text: &str) -> Result<Self, NetworkInvalid> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| NetworkInvalid)?)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().map_err(|_| NetworkInvalid)?.to_canonical();
        let bits = bits.unwrap_or(if address.is_ipv4() { 32 } else { 128 });
        IpNet::new(address, bits).map(Network).map_err(|_| NetworkInvalid)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_address = self.0.prefix_len() == self.0.max_prefix_len();
        if is_address { self.0.addr().fmt(f) } else { self.0.fmt(f) }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;
    use std::net::IpAddr;

    fn holds(network: &str, address: &str) -> bool {
        let address: IpAddr = address.parse().expect("an address");
        network.parse::<Network>().is_ok_and(|network| network.contains(address))
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_with_its_bits() {
        assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("192.0.2.0/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("192.0.2.77/24", "192.0.2.1"), "what follows the bits does not matter");
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("192.0.2.1", "::ffff:192.0.2.1") && holds("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(holds("::ffff:192.0.2.0/24", "192.0.2.7"), "the bits are of the IPv4 address");
        let everything = |text: &str| text.parse::<Network>().is_ok_and(|network| network.is_everything());
        assert!(everything("0.0.0.0/0") && everything("::/0") && !everything("10.0.0.0/8"));
    }

    #[test]
    fn what_is_no_network_is_none() {
        for odd in [
            "",
            "192.0.2",
            "192.0.2.0/33",
            "192.0.2.0/",
            "192.0.2.0/-1",
            "192.0.2.0/256",
            "192.0.2.0/24/1",
            "::ffff:192.0.2.0/120",
            "[2001:db8::1]",
            "2001:db8::/129",
            "shop.example.com",
        ] {
            assert!(odd.parse::<Network>().is_err(), "{odd}");
        }
        let shown = |text: &str| text.parse::<Network>().map(|it| it.to_string());
        assert_eq!(
            (shown("192.0.2.1/32"), shown("10.0.0.5/8"), shown("2001:DB8::1")),
            (Ok("192.0.2.1".into()), Ok("10.0.0.5/8".into()), Ok("2001:db8::1".into()))
        );
    }
}
