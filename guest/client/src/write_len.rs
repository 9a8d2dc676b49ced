/// How much of `owed` bytes to write next, if no more than `most` can be written at once.
///
/// Of what takes many writes, what is left over by the full ones comes first. Nagle's algorithm (RFC
/// 9293, section 3.7.4) would hold back a few bytes that come last until those before them are
/// acknowledged, and a peer that answers by messages may delay that by 40 ms (section 3.8.6.3). A full
/// write that comes last makes it acknowledge at once.
///
/// Of what takes two writes the full one comes first, all the same: a peer that has to wake up for the
/// few bytes before it makes a message of 64 KiB a fifth slower.
pub fn write_len(owed: usize, most: usize) -> usize {
    match owed.checked_rem(most) {
        Some(left_over) if left_over > 0 && owed / most > 1 => left_over,
        _ => owed.min(most),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// How long each write is of so many bytes.
    fn writes(mut owed: usize, most: usize) -> Vec<usize> {
        let mut writes = Vec::new();
        while owed > 0 {
            let len = write_len(owed, most);
            writes.push(len);
            owed -= len;
        }
        writes
    }

    #[test]
    fn what_is_owed_is_written_at_once_if_it_can_be() {
        assert_eq!(writes(1, 10), [1]);
        assert_eq!(writes(10, 10), [10]);
        assert_eq!(writes(usize::MAX, usize::MAX), [usize::MAX]);
    }

    #[test]
    fn of_two_writes_the_full_one_comes_first() {
        assert_eq!(writes(11, 10), [10, 1]);
        assert_eq!(writes(19, 10), [10, 9]);
    }

    #[test]
    fn the_last_of_many_writes_is_a_full_one() {
        assert_eq!(writes(20, 10), [10, 10]);
        assert_eq!(writes(21, 10), [1, 10, 10]);
        assert_eq!(writes(39, 10), [9, 10, 10, 10]);
    }

    #[test]
    fn nothing_is_written_where_there_is_no_room() {
        assert_eq!(write_len(1, 0), 0);
        assert_eq!(write_len(0, 0), 0);
        assert_eq!(write_len(0, 10), 0);
    }
}
