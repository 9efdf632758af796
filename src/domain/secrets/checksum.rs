//! The checksum in tokens of GitHub and npm: the last six characters are the CRC-32 of those between, in base 62.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut value = at;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { 0xEDB8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        table[at as usize] = value;
        at += 1;
    }
    table
}

/// The CRC-32 of zip and Ethernet.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)] ^ (sum >> 8);
    !bytes.iter().fold(!0, step)
}

/// Six digits of base 62.
fn digits(mut number: u32) -> [u8; 6] {
    let mut out = *b"000000";
    for place in out.iter_mut().rev() {
        *place = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    out
}

/// Whether the last six characters of a token's body are the checksum of the others.
pub(super) fn is_right(body: &[u8]) -> bool {
    let Some(split) = body.len().checked_sub(6) else { return false };
    let (content, sum) = body.split_at(split);
    digits(crc32(content)) == sum
}

/// A body with its checksum, for tests.
#[cfg(test)]
pub(super) fn signed(content: &str) -> String {
    format!("{content}{}", String::from_utf8_lossy(&digits(crc32(content.as_bytes()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_those_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(&digits(0), b"000000");
        assert_eq!(&digits(u32::MAX), b"4gfFC3");
    }

    #[test]
    fn a_changed_body_is_wrong() {
        let body = signed("aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1");
        assert!(is_right(body.as_bytes()));
        assert!(!is_right(body.replace("aB3", "aB4").as_bytes()));
        assert!(!is_right(b"abc"));
    }
}
