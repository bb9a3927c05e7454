//! Requests as bytes, made once and sent many times.

/// Separates the parts of a multipart body; no JPEG has it inside.
const BOUNDARY: &str = "------------------------darkroom-bench";

/// A GET that keeps its connection.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// The content type of [`form`].
pub(crate) fn form_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// Fields and then a picture, as a browser's form sends them.
pub(crate) fn form(fields: &[(&str, &str)], jpeg: &[u8]) -> Vec<u8> {
    let head = |name: &str, more: &str| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
    };
    let mut form = Vec::new();
    for (name, value) in fields {
        form.extend_from_slice(head(name, "").as_bytes());
        form.extend_from_slice(value.as_bytes());
        form.extend_from_slice(b"\r\n");
    }
    let file = "; filename=\"a.jpg\"\r\nContent-Type: image/jpeg";
    form.extend_from_slice(head("image", file).as_bytes());
    form.extend_from_slice(jpeg);
    form.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    form
}

/// The prompt that every picture is posted with.
const PROMPT: &str = "a rainy evening in the old town, neon signs mirrored in the wet street";

/// A POST of a picture and a prompt.
pub(crate) fn post(path: &str, jpeg: &[u8]) -> Vec<u8> {
    post_form(path, &form(&[("prompt", PROMPT)], jpeg))
}

/// The same, for a model other than the default.
pub(crate) fn post_for(path: &str, model: &str, jpeg: &[u8]) -> Vec<u8> {
    post_form(path, &form(&[("prompt", PROMPT), ("model", model)], jpeg))
}

fn post_form(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n",
        form_type(),
        body.len()
    );
    [head.as_bytes(), body].concat()
}
