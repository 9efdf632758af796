//! The limits of what a runner downloads for every job: silent while there is room, loud when little is left, refused
//! when it is too much.

use std::process::Command;

use super::place::Place;

/// What is said when little is left.
const LOUD: &str = "LESS THAN 5 % OF THE LIMIT IS LEFT";
const MIB: usize = 1 << 20;

/// What `room` of the real script says of a size and a limit.
fn room(size: u64, limit: u64) -> String {
    let line = format!(". scripts/lib/base.sh; room {size} {limit}");
    let mut bash = Command::new("bash");
    let output =
        bash.args(["-euo", "pipefail", "-c", &line]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = output.output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn less_than_a_twentieth_of_a_limit_is_said_loudly() {
    let limit = 2_048_000;
    for quiet in [0, 1, limit / 2, limit / 20 * 19] {
        assert_eq!(room(quiet, limit), " (at most 2000 KiB)", "{quiet}");
    }
    for loud in [limit / 20 * 19 + 1, limit - 1, limit] {
        assert_eq!(room(loud, limit), format!(" (at most 2000 KiB) *** {LOUD} ***"), "{loud}");
    }
}

/// Bytes that gzip makes no smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Never a line end: `built_by` of the script reads lines.
        state.to_le_bytes()[3] | 0x80
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_tree_says_how_much_room_is_left_and_is_refused_without() {
    let place = Place::new();
    place.build();
    let tree = "scripts/release-tree ../out";
    place.done("rm dist/mta-linux-arm64");
    let padded = |bytes: usize| {
        place.binary("mta-linux-x64", "1.95.0");
        let path = place.lab.root.join("source/dist/mta-linux-x64");
        let mut binary = fs_err::read(&path).unwrap();
        // One bit in eight is always set, so that gzip keeps some seven eighths.
        binary.extend(noise(bytes / 7 * 8));
        fs_err::write(&path, binary).unwrap();
    };
    let said = place.done(tree);
    assert!(said.contains("(at most 9216 KiB)") && !said.contains(LOUD), "{said}");
    padded(9 * MIB - 200_000);
    let said = place.done(tree);
    assert!(said.contains(LOUD), "{said}");
    padded(9 * MIB + 200_000);
    place.refused(tree, "bytes gzipped; the limit is 9437184");
    // Each architecture has its own room.
    place.binary("mta-linux-arm64", "1.95.0");
    let said = place.done(tree);
    assert!(said.contains("(at most 18432 KiB)") && !said.contains(LOUD), "{said}");
}

/// A static program of Linux that ends with 0, filled up to a size.
fn program(size: usize) -> Vec<u8> {
    let (machine, code): (u16, &[u32]) = if cfg!(target_arch = "aarch64") {
        // mov x0, #0; mov x8, #93 (exit); svc #0
        (183, &[0xd280_0000, 0xd280_0ba8, 0xd400_0001])
    } else {
        // mov edi, 0; mov eax, 60 (exit); syscall
        (62, &[0x0000_00bf, 0x003c_b800, 0x050f_0000])
    };
    let code: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    let (base, head) = (0x40_0000_u64, 0x78_u64);
    let end = head + u64::try_from(code.len()).unwrap();
    // The header of an ELF file and of its one segment, see elf(5).
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend([2_u16, machine].iter().flat_map(|half| half.to_le_bytes()));
    file.extend(1_u32.to_le_bytes());
    file.extend([base + head, 0x40, 0].iter().flat_map(|long| long.to_le_bytes()));
    file.extend(0_u32.to_le_bytes());
    file.extend([0x40_u16, 0x38, 1, 0x40, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
    file.extend([1_u32, 5].iter().flat_map(|word| word.to_le_bytes()));
    file.extend([0, base, base, end, end, 0x1000].iter().flat_map(|long| long.to_le_bytes()));
    file.extend(code);
    file.resize(size, 0);
    file
}

#[test]
fn a_binary_says_how_much_room_is_left_and_is_refused_without() {
    let place = Place::new();
    place.program("rustc", "echo 'rustc 1.95.0'\n");
    place.program(
        "cargo",
        "[ \"$1\" = build ] || exit 0\n\
         for target; do :; done\n\
         mkdir -p \"$CARGO_TARGET_DIR/$target/release\"\n\
         install -m 0755 \"$LAB/built\" \"$CARGO_TARGET_DIR/$target/release/mta\"\n",
    );
    let dist = "CARGO_TARGET_DIR=\"$LAB/target\" scripts/dist && ls dist";
    let built = |size: usize| {
        fs_err::write(place.lab.root.join("built"), program(size)).unwrap();
        // Sources that changed are built anew.
        place.lab.write("source/src/lib.rs", format!("//! {size}\n"));
    };
    let name = if cfg!(target_arch = "aarch64") { "mta-linux-arm64" } else { "mta-linux-x64" };
    built(16 * MIB + 1);
    place.refused(dist, "/release/mta has 16777217 bytes; the limit is 16777216");
    let there = fs_err::exists(place.lab.root.join("source/dist").join(name)).unwrap();
    assert!(!there, "what is too large is not put there");
    built(16 * MIB);
    let said = place.done(dist);
    assert!(said.contains(LOUD) && said.contains(name), "{said}");
    built(15 * MIB);
    let said = place.done(dist);
    assert!(said.contains("(at most 16384 KiB)") && !said.contains(LOUD), "{said}");
}
