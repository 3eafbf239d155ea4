//! Mutations of bytes: in the header, in pages, or anywhere.

const PAGE: usize = 4096;

/// Offsets in the header that determine how the rest is read: page size, versions, reserved space, fractions, the free
/// list, the schema's format, the text encoding.
const HEADER: [usize; 16] = [16, 17, 18, 19, 20, 21, 22, 23, 28, 32, 36, 44, 47, 52, 59, 63];

pub fn mutate(rng: &mut fastrand::Rng, content: &mut Vec<u8>) {
    for _ in 0..rng.usize(1..8) {
        if content.is_empty() {
            return;
        }
        mutate_once(rng, content);
    }
}

fn mutate_once(rng: &mut fastrand::Rng, content: &mut Vec<u8>) {
    let length = content.len();
    let at = rng.usize(..length);
    match rng.u8(..20) {
        0..8 => content[at] = rng.u8(..),
        8..10 => content[at] ^= 1 << rng.u8(..8),
        10 => {
            let end = (at + rng.usize(..PAGE)).min(length);
            content[at..end].fill(rng.u8(..));
        }
        11 => content.truncate(at),
        12 => content.extend(std::iter::repeat_with(|| rng.u8(..)).take(PAGE)),
        13 | 14 => copy_page(rng, content),
        15 => {
            let index = HEADER[rng.usize(..HEADER.len())].min(length - 1);
            content[index] = [0, 1, 2, 3, 4, 0x7f, 0x80, 0xff][rng.usize(..8)];
        }
        16 | 17 => change_page_header(rng, content),
        // A small integer of four bytes, like the page numbers in cells.
        18 => {
            let number = rng.u32(..40).to_be_bytes();
            let end = (at + 4).min(length);
            content[at..end].copy_from_slice(&number[..end - at]);
        }
        _ => {
            // Overwrites bytes with others of the file, which keeps the lengths.
            let from = rng.usize(..length);
            let count = rng.usize(1..64).min(length - at).min(length - from);
            content.copy_within(from..from + count, at);
        }
    }
}

fn copy_page(rng: &mut fastrand::Rng, content: &mut [u8]) {
    let pages = content.len() / PAGE;
    if pages > 1 {
        let (from, to) = (rng.usize(..pages) * PAGE, rng.usize(1..pages) * PAGE);
        content.copy_within(from..from + PAGE, to);
    }
}

/// Changes the kind of a page, its number of cells, its free space, its right child or one of its first cells.
fn change_page_header(rng: &mut fastrand::Rng, content: &mut [u8]) {
    let pages = content.len() / PAGE;
    if pages > 0 {
        let page = rng.usize(..pages);
        let start = page * PAGE + if page == 0 { 100 } else { 0 };
        content[start + rng.usize(..24)] = [0, 1, 2, 5, 10, 13, 0x0f, 0x7f, 0xff][rng.usize(..9)];
    }
}
