use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// What an address is for that is not one of the public internet.
///
/// These are the blocks that the registries of IANA for special-purpose IPv4 and IPv6 addresses
/// (RFC 6890) do not say to be globally reachable, and those of multicast. What stands in the few
/// exceptions within them, which are anycast addresses of protocols, counts with its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpecialPurpose {
    /// To measure networks (RFC 2544, RFC 5180).
    Benchmarking,
    /// To be thrown away (RFC 6666, RFC 9780).
    Discard,
    /// To stand in texts (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// On the same link (RFC 3927, RFC 4291, section 2.5.6), which is where clouds have the service
    /// that tells a machine its credentials.
    LinkLocal,
    /// On the same machine (RFC 1122, section 3.2.1.3, RFC 4291, section 2.5.3).
    Loopback,
    /// Of a group (RFC 5771, RFC 4291, section 2.7).
    Multicast,
    /// In a private network (RFC 1918).
    Private,
    /// Of protocols of the IETF, or for later use (RFC 1112, RFC 2928, RFC 6890, RFC 9602).
    Reserved,
    /// Between a provider and those behind its translators of addresses (RFC 6598).
    Shared,
    /// In the local network of a translator of addresses (RFC 8215).
    Translation,
    /// In a private network (RFC 4193, RFC 3879).
    UniqueLocal,
    /// None, or this machine (RFC 1122, section 3.2.1.3, RFC 4291, section 2.5.2).
    Unspecified,
}

impl SpecialPurpose {
    /// What this address is for; `None` if it is one of the public internet.
    ///
    /// An IPv6 address with an IPv4 address in it, to which packets are passed on, is judged by that:
    /// those mapped, translated or compatible (RFC 4291, section 2.5.5, RFC 2765), those of NAT64
    /// (RFC 6052) and those of 6to4 (RFC 3056).
    pub fn of(address: IpAddr) -> Option<Self> {
        match address.to_canonical() {
            IpAddr::V4(address) => IPV4
                .iter()
                .find(|(block, _)| block.contains(&address))
                .map(|(_, purpose)| *purpose),
            IpAddr::V6(address) => IPV6
                .iter()
                .find(|(block, _)| block.contains(&address))
                .map(|(_, purpose)| *purpose)
                .or_else(|| embedded(address).and_then(|address| Self::of(address.into()))),
        }
    }
}

impl fmt::Display for SpecialPurpose {
    /// As in "a loopback address".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Benchmarking => "a benchmarking",
            Self::Discard => "a discard-only",
            Self::Documentation => "a documentation",
            Self::LinkLocal => "a link-local",
            Self::Loopback => "a loopback",
            Self::Multicast => "a multicast",
            Self::Private => "a private",
            Self::Reserved => "a reserved",
            Self::Shared => "a shared",
            Self::Translation => "a translation",
            Self::UniqueLocal => "a unique local",
            Self::Unspecified => "an unspecified",
        })?;
        f.write_str(" address")
    }
}

/// The IPv4 address to which what is sent to this one is passed on.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let ([0, 0, 0, 0, 0, 0, high, low]
    | [0, 0, 0, 0, 0xffff, 0, high, low]
    | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
    | [0x2002, high, low, ..]) = address.segments()
    else {
        return None;
    };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d))
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix_len: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix_len)
}

const fn v6(segments: [u16; 4], prefix_len: u8) -> Ipv6Net {
    let [a, b, c, d] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix_len)
}

/// <https://www.iana.org/assignments/iana-ipv4-special-registry>, and multicast.
const IPV4: [(Ipv4Net, SpecialPurpose); 15] = [
    (v4(0, 0, 0, 0, 8), SpecialPurpose::Unspecified),
    (v4(10, 0, 0, 0, 8), SpecialPurpose::Private),
    (v4(100, 64, 0, 0, 10), SpecialPurpose::Shared),
    (v4(127, 0, 0, 0, 8), SpecialPurpose::Loopback),
    (v4(169, 254, 0, 0, 16), SpecialPurpose::LinkLocal),
    (v4(172, 16, 0, 0, 12), SpecialPurpose::Private),
    (v4(192, 0, 0, 0, 24), SpecialPurpose::Reserved),
    (v4(192, 0, 2, 0, 24), SpecialPurpose::Documentation),
    (v4(192, 88, 99, 0, 24), SpecialPurpose::Reserved),
    (v4(192, 168, 0, 0, 16), SpecialPurpose::Private),
    (v4(198, 18, 0, 0, 15), SpecialPurpose::Benchmarking),
    (v4(198, 51, 100, 0, 24), SpecialPurpose::Documentation),
    (v4(203, 0, 113, 0, 24), SpecialPurpose::Documentation),
    (v4(224, 0, 0, 0, 4), SpecialPurpose::Multicast),
    (v4(240, 0, 0, 0, 4), SpecialPurpose::Reserved),
];

/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, multicast, and the site-local
/// addresses that RFC 3879 deprecated. A block comes before those that it is a part of.
const IPV6: [(Ipv6Net, SpecialPurpose); 14] = [
    (v6([0, 0, 0, 0], 128), SpecialPurpose::Unspecified),
    (
        Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128),
        SpecialPurpose::Loopback,
    ),
    (v6([0x64, 0xff9b, 1, 0], 48), SpecialPurpose::Translation),
    (v6([0x100, 0, 0, 0], 64), SpecialPurpose::Discard),
    (v6([0x100, 0, 0, 1], 64), SpecialPurpose::Discard),
    (v6([0x2001, 2, 0, 0], 48), SpecialPurpose::Benchmarking),
    (v6([0x2001, 0, 0, 0], 23), SpecialPurpose::Reserved),
    (v6([0x2001, 0xdb8, 0, 0], 32), SpecialPurpose::Documentation),
    (v6([0x3fff, 0, 0, 0], 20), SpecialPurpose::Documentation),
    (v6([0x5f00, 0, 0, 0], 16), SpecialPurpose::Reserved),
    (v6([0xfc00, 0, 0, 0], 7), SpecialPurpose::UniqueLocal),
    (v6([0xfe80, 0, 0, 0], 10), SpecialPurpose::LinkLocal),
    (v6([0xfec0, 0, 0, 0], 10), SpecialPurpose::UniqueLocal),
    (v6([0xff00, 0, 0, 0], 8), SpecialPurpose::Multicast),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_purpose(addresses: &[&str], purpose: Option<SpecialPurpose>) {
        for address in addresses {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(SpecialPurpose::of(address), purpose, "{address}");
        }
    }

    #[test]
    fn each_block_ends_where_the_registry_says() {
        for (addresses, purpose) in [
            (
                ["198.18.0.0", "198.19.255.255"],
                SpecialPurpose::Benchmarking,
            ),
            (
                ["2001:2::", "2001:2:0:ffff::"],
                SpecialPurpose::Benchmarking,
            ),
            (["100::", "100::ffff"], SpecialPurpose::Discard),
            (["100:0:0:1::", "100::1:0:0:0:1"], SpecialPurpose::Discard),
            (["192.0.2.0", "192.0.2.255"], SpecialPurpose::Documentation),
            (
                ["198.51.100.0", "198.51.100.255"],
                SpecialPurpose::Documentation,
            ),
            (
                ["203.0.113.0", "203.0.113.255"],
                SpecialPurpose::Documentation,
            ),
            (
                ["2001:db8::", "2001:db8:ffff::1"],
                SpecialPurpose::Documentation,
            ),
            (["3fff::", "3fff:fff::1"], SpecialPurpose::Documentation),
            (
                ["169.254.0.0", "169.254.169.254"],
                SpecialPurpose::LinkLocal,
            ),
            (["fe80::1", "febf::1"], SpecialPurpose::LinkLocal),
            (["127.0.0.1", "127.255.255.255"], SpecialPurpose::Loopback),
            (["::1", "::ffff:127.0.0.1"], SpecialPurpose::Loopback),
            (["224.0.0.0", "239.255.255.255"], SpecialPurpose::Multicast),
            (["ff02::1", "ffff::1"], SpecialPurpose::Multicast),
            (["10.0.0.0", "10.255.255.255"], SpecialPurpose::Private),
            (["172.16.0.0", "172.31.255.255"], SpecialPurpose::Private),
            (["192.168.0.0", "192.168.255.255"], SpecialPurpose::Private),
            (["192.0.0.0", "192.0.0.255"], SpecialPurpose::Reserved),
            (["192.88.99.0", "192.88.99.255"], SpecialPurpose::Reserved),
            (["240.0.0.0", "255.255.255.255"], SpecialPurpose::Reserved),
            (["2001::1", "2001:1ff::1"], SpecialPurpose::Reserved),
            (["5f00::", "5f00:ffff::1"], SpecialPurpose::Reserved),
            (["100.64.0.0", "100.127.255.255"], SpecialPurpose::Shared),
            (
                ["64:ff9b:1::", "64:ff9b:1:ffff::1"],
                SpecialPurpose::Translation,
            ),
            (["fc00::1", "fdff::1"], SpecialPurpose::UniqueLocal),
            (["fec0::1", "feff::1"], SpecialPurpose::UniqueLocal),
            (["0.0.0.0", "0.255.255.255"], SpecialPurpose::Unspecified),
            (["::", "::ffff:0.0.0.0"], SpecialPurpose::Unspecified),
        ] {
            assert_purpose(&addresses, Some(purpose));
        }
    }

    #[test]
    fn what_lies_beside_the_blocks_is_public() {
        let beside = [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "100:0:0:2::",
            "2001:200::1",
            "2001:db9::1",
            "2606:2800::1",
            "3fff:1000::1",
            "5f01::1",
            "fbff::1",
            "fe00::1",
        ];
        assert_purpose(&beside, None);
    }

    #[test]
    fn an_address_is_judged_by_the_one_in_it() {
        // Mapped, translated, compatible, NAT64 and 6to4.
        let private = [
            "::ffff:10.0.0.1",
            "::ffff:0:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:a00:1::1",
        ];
        assert_purpose(&private, Some(SpecialPurpose::Private));
        let public = [
            "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8",
            "::8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ];
        assert_purpose(&public, None);
    }
}
