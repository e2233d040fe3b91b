//! The words of a text, as the filters of segments hold them and searches ask for them.
//!
//! A word is a run of letters and digits in lower case. Scripts that are written without spaces are cut into pairs of
//! neighbouring characters, so that terms of two characters and more are found; a run of one is a word by itself.

use twox_hash::XxHash3_64;

/// Calls `each` with the hash of every word that a text must have that holds `part`, whose ends may be open: something
/// else may stand right before or behind it.
pub fn each_necessary_word(part: &str, is_open_before: bool, is_open_behind: bool, each: impl FnMut(u64)) {
    // An open end may be in the middle of a word; neighbouring characters of scripts without spaces stay neighbours.
    let is_part = |c: char| c.is_alphanumeric() && !is_unspaced(c);
    let part = if is_open_before { part.trim_start_matches(is_part) } else { part };
    let part = if is_open_behind { part.trim_end_matches(is_part) } else { part };
    // Where more stands beside it, a single one of these characters is no word by itself.
    let mut words = String::with_capacity(part.len());
    let mut before = None;
    let mut characters = part.chars().peekable();
    while let Some(character) = characters.next() {
        let is_neighbour = |other: Option<char>| other.is_some_and(is_unspaced);
        let is_single =
            is_unspaced(character) && !is_neighbour(before) && !is_neighbour(characters.peek().copied());
        words.push(if is_single { ' ' } else { character });
        before = Some(character);
    }
    // Letters that have more than two forms are in one case for a search and in another for a filter.
    let is_ambiguous = |c: char| matches!(c, '\u{370}'..='\u{3ff}' | 'µ' | 'ſ');
    let mut each = each;
    for word in words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.contains(is_ambiguous)) {
        each_word(word, &mut each);
    }
}

/// Longest word in bytes; what is longer is cut there, on both sides of the comparison.
const MAX_WORD: usize = 64;

/// The hash of a word: XXH3 with 64 bits and the seed 0, as the filters of segments take it.
fn hash(word: &[u8]) -> u64 {
    XxHash3_64::oneshot(word)
}

/// Calls `each` with the hash of every word of `text`.
pub fn each_word(text: &str, mut each: impl FnMut(u64)) {
    let mut word = [0; MAX_WORD];
    let mut length = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() {
            if length < MAX_WORD {
                word[length] = byte.to_ascii_lowercase();
                length += 1;
            }
        } else if byte.is_ascii() {
            if length > 0 {
                each(hash(&word[..length]));
                length = 0;
            }
        } else {
            // From the beginning of the word on, because it may go on with other letters.
            let begin = text[..at].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |before| before + 1);
            return each_word_of_any_script(&text[begin.min(at)..], each);
        }
    }
    if length > 0 {
        each(hash(&word[..length]));
    }
}

fn each_word_of_any_script(text: &str, mut each: impl FnMut(u64)) {
    let mut word = String::new();
    // Characters of the run that is cut into pairs.
    let mut run: Option<(char, bool)> = None;
    let end = |word: &mut String, run: &mut Option<(char, bool)>, each: &mut dyn FnMut(u64)| {
        if !word.is_empty() {
            each(hash(cut(word)));
            word.clear();
        }
        if let Some((single, false)) = run.take() {
            each(hash(single.encode_utf8(&mut [0; 4]).as_bytes()));
        }
    };
    for character in text.chars() {
        if is_unspaced(character) {
            if !word.is_empty() {
                each(hash(cut(&word)));
                word.clear();
            }
            run = Some(match run {
                None => (character, false),
                Some((before, _)) => {
                    let pair: String = [before, character].iter().collect();
                    each(hash(pair.as_bytes()));
                    (character, true)
                }
            });
        } else if character.is_alphanumeric() {
            if run.is_some() {
                end(&mut word, &mut run, &mut each);
            }
            word.extend(usual(character).to_lowercase());
        } else {
            end(&mut word, &mut run, &mut each);
        }
    }
    end(&mut word, &mut run, &mut each);
}

/// The letter that another form of it is searched as: forms of Cyrillic letters in old prints, and of ṡ (`CaseFolding.txt`
/// of Unicode).
fn usual(character: char) -> char {
    match character {
        '\u{1c80}' => 'в',
        '\u{1c81}' => 'д',
        '\u{1c82}' => 'о',
        '\u{1c83}' => 'с',
        '\u{1c84}' | '\u{1c85}' => 'т',
        '\u{1c86}' => 'ъ',
        '\u{1c87}' => 'ѣ',
        '\u{1c88}' => '\u{a64b}',
        '\u{1e9b}' => '\u{1e61}',
        _ => character,
    }
}

/// The part of a word that counts.
fn cut(word: &str) -> &[u8] {
    &word.as_bytes()[..word.len().min(MAX_WORD)]
}

/// Whether a character is of a script that has no spaces between words: Han, Hiragana, Katakana, Thai, Lao, Khmer,
/// Myanmar; and Hangul, whose words carry endings. Ranges from the Unicode block list.
pub(crate) fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1100..=0x11ff | 0x1780..=0x17ff | 0x2e80..=0x2fdf | 0x3005..=0x3007
        | 0x3021..=0x3029 | 0x3031..=0x3035 | 0x3038..=0x303b | 0x3040..=0x30ff | 0x3100..=0x318f | 0x31a0..=0x31bf
        | 0x31f0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff
        | 0xff66..=0xff9f | 0x1b000..=0x1b16f | 0x20000..=0x3ffff)
        && character.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<u64> {
        let mut found = Vec::new();
        each_word(text, |word| found.push(word));
        found
    }

    fn of(words: &[&str]) -> Vec<u64> {
        words.iter().map(|word| hash(word.as_bytes())).collect()
    }

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        assert_eq!(hashes("GET /api/v2 took 15ms"), of(&["get", "api", "v2", "took", "15ms"]));
        assert_eq!(hashes("user_id=42"), of(&["user", "id", "42"]));
        assert_eq!(hashes("x Grüße, Äpfel"), of(&["x", "grüße", "äpfel"]));
        assert_eq!(hashes("naïve-Straße"), of(&["naïve", "straße"]));
        assert_eq!(hashes(" -- "), of(&[]));
    }

    #[test]
    fn text_without_spaces_is_cut_into_pairs() {
        assert_eq!(hashes("数据库连接失败"), of(&["数据", "据库", "库连", "连接", "接失", "失败"]));
        assert_eq!(hashes("用户"), of(&["用户"]));
        assert_eq!(hashes("error: 用 db超时2"), of(&["error", "用", "db", "超时", "2"]));
        assert_eq!(hashes("「午後」"), of(&["午後"]));
    }

    #[test]
    fn words_that_are_whole_wherever_a_part_stands() {
        let necessary = |part: &str, before, behind| {
            let mut found = Vec::new();
            each_necessary_word(part, before, behind, |word| found.push(word));
            found
        };
        assert_eq!(necessary("refused by host", true, true), of(&["by"]));
        assert_eq!(necessary("refused by host", false, true), of(&["refused", "by"]));
        assert_eq!(necessary("连接失败", true, true), of(&["连接", "接失", "失败"]));
        assert_eq!(necessary("用", false, false), of(&[]));
        assert_eq!(necessary("db用 x", true, false), of(&["x"]));
        assert_eq!(necessary("20µs λόγος ok", false, false), of(&["ok"]));
    }

    #[test]
    fn long_words_are_cut() {
        let long = "x".repeat(200);
        assert_eq!(hashes(&long), of(&[&long[..MAX_WORD]]));
        let long = "é".repeat(200);
        assert_eq!(hashes(&long), of(&[&long[..MAX_WORD]]));
    }
}
