//! Requests as bytes, made once and sent many times.

/// Separates the parts of a multipart body; no JPEG has it inside.
const BOUNDARY: &str = "------------------------darkroom-bench";

/// A GET that keeps its connection.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// A POST of a picture and a prompt, as a browser's form sends them.
pub(crate) fn post(path: &str, jpeg: &[u8]) -> Vec<u8> {
    let before = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n\
         a rainy evening in the old town, neon signs mirrored in the wet street\r\n\
         --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let after = format!("\r\n--{BOUNDARY}--\r\n");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {}\r\n\r\n",
        before.len() + jpeg.len() + after.len()
    );
    [head.as_bytes(), before.as_bytes(), jpeg, after.as_bytes()].concat()
}
