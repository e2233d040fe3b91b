//! The words of a text, as the filters of segments hold them and searches ask for them.
//!
//! A word is a run of letters and digits in lower case. Scripts that are written without spaces are cut into pairs of
//! neighbouring characters, so that terms of two characters and more are found; a run of one is a word by itself.

use super::filter::hash;

/// Longest word in bytes; what is longer is cut there, on both sides of the comparison.
const MAX_WORD: usize = 64;

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
            word.extend(character.to_lowercase());
        } else {
            end(&mut word, &mut run, &mut each);
        }
    }
    end(&mut word, &mut run, &mut each);
}

/// The part of a word that counts.
fn cut(word: &str) -> &[u8] {
    &word.as_bytes()[..word.len().min(MAX_WORD)]
}

/// Whether a character is of a script that has no spaces between words: Han, Hiragana, Katakana, Thai, Lao, Khmer,
/// Myanmar; and Hangul, whose words carry endings. Ranges from the Unicode block list.
fn is_unspaced(character: char) -> bool {
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
    fn long_words_are_cut() {
        let long = "x".repeat(200);
        assert_eq!(hashes(&long), of(&[&long[..MAX_WORD]]));
        let long = "é".repeat(200);
        assert_eq!(hashes(&long), of(&[&long[..MAX_WORD]]));
    }
}
