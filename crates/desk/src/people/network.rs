//! Networks of addresses: how many of its bits tell people or sites apart.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of one household: an IPv4 address, or the /64 of an IPv6 address.
#[must_use]
pub fn household(address: IpAddr) -> IpAddr {
    masked(address, 32, 64)
}

/// The network of one site: the /24 of an IPv4 address, the /48 of an IPv6 address.
#[must_use]
pub fn site(address: IpAddr) -> IpAddr {
    masked(address, 24, 48)
}

/// The first bits of an address. An IPv4 address in IPv6 notation counts as IPv4.
fn masked(address: IpAddr, v4_bits: u32, v6_bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - v4_bits).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - v6_bits).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{household, site};
    use std::net::IpAddr;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_household_is_an_ipv4_address_or_a_64() {
        assert_eq!(household(address("2001:db8:1:2:3::4")), household(address("2001:db8:1:2::9")));
        assert_ne!(household(address("2001:db8:1:2::1")), household(address("2001:db8:1:3::1")));
        assert_eq!(household(address("::ffff:192.0.2.1")), address("192.0.2.1"));
        assert_ne!(household(address("192.0.2.1")), household(address("192.0.2.2")));
    }

    #[test]
    fn a_site_is_a_24_or_a_48() {
        assert_eq!(site(address("192.0.2.1")), site(address("192.0.2.255")));
        assert_ne!(site(address("192.0.2.1")), site(address("192.0.3.1")));
        assert_eq!(site(address("2001:db8:1:2::1")), site(address("2001:db8:1:ffff::1")));
        assert_ne!(site(address("2001:db8:1::1")), site(address("2001:db8:2::1")));
    }
}
