//! Finds the name that was probably meant.
//!
//! Hides: how near two names are (edits: insert, delete, replace, swap neighbours; `_` and `-` are the same).
//! Knows nothing of: what the names name.

/// The longest name that is compared; longer ones are no misspelling of a field, and the work grows with the square.
const NAME_CHARS_MAX: usize = 64;

/// The candidate nearest to `name`, if it is near enough to be a slip; the first of equals.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(name);
    if wanted.len() > NAME_CHARS_MAX {
        return None;
    }
    // One slip for short names, up to three for long ones: more would suggest unrelated fields.
    let allowed = (wanted.len() / 3).clamp(1, 3);
    candidates
        .map(|candidate| (distance(&wanted, &plain(candidate)), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

fn plain(name: &str) -> Vec<char> {
    name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect()
}

/// The optimal string alignment distance, row by row.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    for (row, &l) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, &r) in right.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&above, column) + usize::from(l != r))
                .min(at(&above, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped =
                row > 0 && column > 0 && left.get(row - 1) == Some(&r) && right.get(column - 1) == Some(&l);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut above, current);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_neighbour_and_a_stranger_finds_none() {
        let fields = || flow::FIELDS.iter().map(|field| field.name);
        for (name, meant) in [
            ("dst_prot", Some("dstport")),
            ("log_status", Some("log-status")),
            ("SrcAddr", Some("srcaddr")),
            ("packet", Some("packets")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, fields()), meant, "{name}");
        }
    }
}
