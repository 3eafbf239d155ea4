//! Attempts over real connections: the request, redirects, rejected targets and the timeout.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use webhook_sender::{AttemptResult, Client, SignedMessage, SigningSecret, TargetPolicy};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const BODY: &str = r#"{"email":"test@example.com","username":"test_user"}"#;
const SECOND: Duration = Duration::from_secs(1);

fn message(secrets: usize) -> SignedMessage {
    let secret = SigningSecret::parse(SECRET).unwrap();
    let id = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    SignedMessage::new(id, 1_649_367_553, &vec![secret; secrets], BODY.into())
}

/// Sends a message to a local server that responds with `response`. Returns the request as text, and the result.
async fn attempt(policy: TargetPolicy, response: &'static str) -> (String, AttemptResult) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/hook", listener.local_addr().unwrap().port());
    let receiver = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            stream.read_buf(&mut request).await.unwrap();
        }
        stream.write_all(response.as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap()
    });
    let client = Client::new(10 * SECOND, policy, "tests/1").unwrap();
    let result = client.send(&url, &message(2)).await;
    if matches!(result, AttemptResult::NoResponse(_)) {
        receiver.abort();
    }
    (receiver.await.unwrap_or_default(), result)
}

#[tokio::test]
async fn a_message_is_sent_with_its_signatures() {
    let response = "HTTP/1.1 503 Busy\r\nretry-after: 120\r\ncontent-length: 0\r\n\r\n";
    let (request, result) = attempt(TargetPolicy::any_address(), response).await;
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    let signature = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";
    for line in [
        "content-type: application/json",
        "user-agent: tests/1",
        "webhook-id: msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        "webhook-timestamp: 1649367553",
        &format!("webhook-signature: {signature} {signature}"),
    ] {
        assert!(head.lines().any(|found| found == line), "{line} is not in {head}");
    }
    assert_eq!(body, BODY);
    let AttemptResult::Response { status, retry_after } = result else {
        panic!("{result:?}");
    };
    assert_eq!((status.as_u16(), retry_after.as_deref()), (503, Some("120")));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let response = "HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let (_, result) = attempt(TargetPolicy::any_address(), response).await;
    assert!(matches!(result, AttemptResult::Response { status, .. } if status.as_u16() == 307));
}

#[tokio::test]
async fn private_addresses_and_names_that_resolve_to_them_are_refused() {
    let (request, result) = attempt(TargetPolicy::public_only(), "").await;
    assert_eq!(request, "");
    let reason = "its address must not be on this machine or a private network";
    assert_eq!(result, AttemptResult::NoResponse(reason.to_owned()));
    let url = "http://localhost/".parse().unwrap();
    let error = TargetPolicy::public_only()
        .check_resolved_addresses(&url)
        .await
        .unwrap_err();
    let reason = "the host name resolves to an address on this machine or a private network";
    assert_eq!(error.to_string(), reason);
    assert!(
        TargetPolicy::any_address()
            .check_resolved_addresses(&url)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_attempt_ends_at_its_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(SECOND / 10, TargetPolicy::any_address(), "tests/1").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let result = client.send(&url, &message(1)).await;
    assert_eq!(
        result,
        AttemptResult::NoResponse("it did not respond in time".to_owned())
    );
}
