//! What people give for a deployment.

use reqwest::Url;

/// Longest label, of RFC 1123.
const LONGEST_LABEL: usize = 63;

/// Takes the name of a namespace.
///
/// # Errors
/// It is no RFC 1123 label, as Kubernetes asks for.
pub fn namespace(text: &str) -> Result<String, String> {
    let is_label = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && (1..=LONGEST_LABEL).contains(&text.len());
    let wrong = || {
        format!(
            "expected an RFC 1123 label such as observability: at most {LONGEST_LABEL} of a-z, 0-9 and -, \
             with a letter or a digit at both ends; found {text:?}"
        )
    };
    is_label.then(|| text.into()).ok_or_else(wrong)
}

/// Takes the reference of an image.
///
/// # Errors
/// It cannot be one.
pub fn image(text: &str) -> Result<String, String> {
    let is_reference = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric());
    let wrong =
        || format!("expected an image such as obs:latest or registry:5000/team/obs:1.2, found {text:?}");
    is_reference.then(|| text.into()).ok_or_else(wrong)
}

/// Takes the endpoint of a backend.
///
/// # Errors
/// It is no URL of an OTLP/gRPC endpoint.
pub fn backend(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| format!("expected http://HOST:PORT or https://HOST:PORT, found {text:?}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected no user name and password in the URL; send them as a header".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("expected a URL that ends behind the port or the path; send keys as headers".into());
    }
    // As it was parsed: without the space and the control characters that URLs may be surrounded by.
    Ok(url.as_str().trim_end_matches('/').into())
}

/// Takes the path of a binary.
///
/// # Errors
/// It is not absolute.
pub fn binary(text: &str) -> Result<String, String> {
    let is_path = text.starts_with('/') && !text.ends_with('/') && !text.chars().any(char::is_control);
    is_path
        .then(|| text.into())
        .ok_or_else(|| format!("expected the absolute path of a file, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_a_label() {
        for good in ["observability", "a", "0", "team-1", &"a".repeat(63)] {
            assert_eq!(namespace(good).as_deref(), Ok(good));
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a b", "a\n", "ä", &"a".repeat(64)] {
            assert!(namespace(bad).unwrap_err().contains("RFC 1123"), "{bad:?}");
        }
    }

    #[test]
    fn an_image_has_no_space() {
        for good in ["obs", "obs:latest", "registry:5000/team/obs@sha256:0a"] {
            assert_eq!(image(good).as_deref(), Ok(good));
        }
        for bad in ["", "obs latest", "obs:", "-obs", "obs\nprivileged: true", "${IMAGE}"] {
            assert!(image(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_backend_is_a_url_without_secrets() {
        assert_eq!(backend("https://otlp.example:4317/").as_deref(), Ok("https://otlp.example:4317"));
        assert_eq!(backend("http://a:1\n").as_deref(), Ok("http://a:1"));
        for bad in
            ["", "gateway:4317", "ftp://a", "http://", "http://me:secret@a:4317", "http://a:4317/?key=secret"]
        {
            let message = backend(bad).unwrap_err();
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn a_binary_has_an_absolute_path() {
        assert_eq!(binary("/opt/obs 1/obs").as_deref(), Ok("/opt/obs 1/obs"));
        for bad in ["", "obs", "/", "/usr/bin/", "/usr/bin/obs\nUser=root"] {
            assert!(binary(bad).is_err(), "{bad:?}");
        }
    }
}
