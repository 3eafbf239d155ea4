//! The export of a span to a collector.

use http::{HeaderMap, StatusCode};
use request_telemetry::{Record, Settings, Traces};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_with_its_statement_is_exported() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let collector = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        let body = |request: &[u8]| {
            let head = request.windows(4).position(|end| end == b"\r\n\r\n")?;
            let text = String::from_utf8_lossy(request.get(..head)?).to_ascii_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))?;
            let length: usize = length.parse().ok()?;
            (request.len() >= head + 4 + length).then_some(())
        };
        while body(&request).is_none() {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        request
    });
    let traces = Traces::new(Settings {
        endpoint,
        service_name: "shop".to_owned(),
        service_version: "1.2.3",
        tracer: "tests",
    });
    let traces = traces.unwrap();

    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let headers = HeaderMap::from_iter([("traceparent".parse().unwrap(), parent.parse().unwrap())]);
    let record = Record::new("7".to_owned());
    let span = traces.request(&headers, "GET", "/a/{id}");
    assert!(span.is_sampled());
    assert_eq!(span.trace_id(), TRACE);
    record.set_span(span.clone());
    let statement = record.statement(
        database::Backend::Sqlite,
        r#"SELECT "id" FROM "a" WHERE "id" = ?"#,
    );
    statement.unwrap().end(&Ok::<(), ()>(()));
    span.record_response(StatusCode::OK, false);
    span.end();
    traces.finish().await;

    let request = String::from_utf8_lossy(&collector.await.unwrap()).into_owned();
    assert!(request.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{request}");
    for name in ["shop", "1.2.3", "GET /a/{id}", "SELECT a", "db.query.text"] {
        assert!(request.contains(name), "{name} is not in {request}");
    }
    assert_eq!(record.statements(), 1);
}
