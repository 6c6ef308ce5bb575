//! Which addresses may be called: by default public ones. The inside of a network would be open to everybody who may
//! save a URL.

use crate::Network;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a developer's server at `address` may be called. `allowed` are networks that the operator has added to the
/// public ones. Addresses at which clouds tell a machine its secrets are never called.
#[must_use]
pub fn may_call(address: IpAddr, allowed: &[Network]) -> bool {
    let address = address.to_canonical();
    !is_metadata(address) && (is_public(address) || allowed.iter().any(|network| network.contains(address)))
}

/// Addresses of the metadata services of clouds.
fn is_metadata(address: IpAddr) -> bool {
    match address {
        // 100.100.100.200 is Alibaba's, 192.0.0.192 is Oracle's, 168.63.129.16 Azure's.
        IpAddr::V4(address) => {
            address.is_link_local()
                || [[100, 100, 100, 200], [192, 0, 0, 192], [168, 63, 129, 16]].contains(&address.octets())
        }
        IpAddr::V6(address) => {
            is_link_local(address) || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

fn is_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// IANA's registry of special-purpose IPv4 addresses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && b & 0xfe == 18);
    !is_special
}

/// Global unicast is 2000::/3. Of it, addresses that carry an IPv4 address, and those for documentation and tests, are
/// left out.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x2002 || a == 0x3fff;
    a & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests {
    use super::may_call;
    use crate::Network;

    fn may(address: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<Network> = allowed.iter().map(|it| it.parse().expect("a network")).collect();
        may_call(address.parse().expect("an address"), &allowed)
    }

    #[test]
    fn public_addresses_are_called() {
        for address in
            ["203.0.114.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1", "::ffff:8.8.8.8"]
        {
            assert!(may(address, &[]), "{address}");
        }
    }

    #[test]
    fn addresses_of_the_inside_are_not() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.0.1",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
        ] {
            assert!(!may(address, &[]), "{address}");
        }
    }

    #[test]
    fn an_operator_allows_networks_but_never_metadata() {
        assert!(may("127.0.0.1", &["127.0.0.0/8"]) && !may("10.0.0.1", &["127.0.0.0/8"]));
        assert!(may("::1", &["::1"]) && may("::ffff:10.0.0.1", &["10.0.0.0/8"]));
        for address in
            ["169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fe80::a9fe:a9fe"]
        {
            assert!(!may(address, &["0.0.0.0/0", "::/0"]), "{address}");
        }
    }
}
