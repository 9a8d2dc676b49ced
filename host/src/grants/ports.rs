use std::fmt;
use std::ops::RangeInclusive;

/// The ports of a grant: one, a range of them, or [all](Self::ALL).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ports {
    first: u16,
    last: u16,
}

impl Ports {
    /// Every port.
    pub const ALL: Self = Self {
        first: 0,
        last: u16::MAX,
    };

    /// Whether this port is one of them.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }
}

impl From<u16> for Ports {
    fn from(port: u16) -> Self {
        Self {
            first: port,
            last: port,
        }
    }
}

/// None, if the range is empty.
impl From<RangeInclusive<u16>> for Ports {
    fn from(ports: RangeInclusive<u16>) -> Self {
        Self {
            first: *ports.start(),
            last: *ports.end(),
        }
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("all ports"),
            Self { first, last } if first == last => write!(f, "port {first}"),
            Self { first, last } => write!(f, "ports {first} to {last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_both_of_its_ends() {
        let ports = Ports::from(8000..=8080);
        assert!([8000, 8080].iter().all(|&port| ports.contains(port)));
        assert!(![7999, 8081].iter().any(|&port| ports.contains(port)));
        assert_eq!(ports.to_string(), "ports 8000 to 8080");
    }

    #[test]
    fn one_port_is_that_port_and_all_are_all() {
        let one = Ports::from(443);
        assert!(one.contains(443) && !one.contains(444));
        assert_eq!(one.to_string(), "port 443");
        assert!(Ports::ALL.contains(1) && Ports::ALL.contains(u16::MAX));
        assert_eq!(Ports::ALL.to_string(), "all ports");
    }
}
