//! Lists: their shape, their pages, and the links between them.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::response::{INVALID_PAGE, Response, keys};
use crate::support::samples::{Sample, list};

on_both_databases![
    an_empty_list_has_a_first_page,
    pages_are_linked,
    page_sizes_are_limited_to_100,
    missing_pages_are_not_found,
    invalid_parameters_are_rejected,
    empty_and_unknown_parameters_are_ignored,
    links_keep_every_other_parameter,
    links_lead_through_the_whole_list,
];

impl Response {
    /// Asserts that the error names this parameter.
    #[track_caller]
    pub fn expect_rejected_parameter(&self, parameter: &str) {
        let body = self.expect(400);
        assert_eq!(keys(&body["error"]["details"]), [parameter], "{body}");
    }
}

async fn create_brands(gateway: &Gateway, count: usize) {
    for number in 1..=count {
        gateway
            .root
            .make(Kind::Brand, json!({ "name": format!("Brand {number:03}") }))
            .await;
    }
}

async fn an_empty_list_has_a_first_page(gateway: Gateway) {
    for kind in Kind::ALL {
        let empty = r#"{"count":0,"next":null,"previous":null,"results":[]}"#;
        gateway.viewer.get(&list(kind)).await.expect_body(200, empty);
        gateway
            .viewer
            .get(&format!("{}?page=1", list(kind)))
            .await
            .expect_body(200, empty);
        gateway
            .viewer
            .get(&format!("{}?page=2", list(kind)))
            .await
            .expect_body(404, INVALID_PAGE);
    }
}

async fn pages_are_linked(gateway: Gateway) {
    create_brands(&gateway, 25).await;
    let url = format!("http://{}/api/v1/brands/", gateway.address);
    let (one, two, three) = (url.clone(), format!("{url}?page=2"), format!("{url}?page=3"));
    let pages = [
        ("brands/", 1..=10, json!(two), Value::Null),
        ("brands/?page=1", 1..=10, json!(two), Value::Null),
        ("brands/?page=2", 11..=20, json!(three), json!(one)),
        ("brands?page=3", 21..=25, Value::Null, json!(two)),
    ];
    for (path, ids, next, previous) in pages {
        let response = gateway.viewer.get(path).await;
        assert_eq!(response.ids(), ids.collect::<Vec<i64>>(), "{path}");
        let page = response.json();
        assert_eq!(
            (&page["count"], &page["next"], &page["previous"]),
            (&json!(25), &next, &previous),
            "{path}"
        );
        assert!(
            response.text.starts_with(r#"{"count":25,"next":"#),
            "{}",
            response.text
        );
    }
}

async fn page_sizes_are_limited_to_100(gateway: Gateway) {
    create_brands(&gateway, 102).await;
    for (size, rows) in [
        ("1", 1),
        ("10", 10),
        ("100", 100),
        ("101", 100),
        ("1000", 100),
        ("99999999999999999999999", 100),
    ] {
        let page = gateway.viewer.get(&format!("brands/?page_size={size}")).await;
        assert_eq!(page.ids().len(), rows, "{size}");
        assert_eq!(page.json()["count"], 102);
    }
    // The second page has the same limited size.
    let second = gateway.viewer.get("brands/?page_size=1000&page=2").await;
    assert_eq!(second.ids(), [101, 102]);
    for size in ["0", "-1", "abc", "1.5", "10x", "0x10", "-99999999999999999999999"] {
        gateway
            .viewer
            .get(&format!("brands/?page_size={size}"))
            .await
            .expect_rejected_parameter("page_size");
    }
}

async fn missing_pages_are_not_found(gateway: Gateway) {
    create_brands(&gateway, 20).await;
    for page in [
        "0",
        "-1",
        "3",
        "1000000",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999999999999999999999999999999",
    ] {
        gateway
            .viewer
            .get(&format!("brands/?page={page}"))
            .await
            .expect_body(404, INVALID_PAGE);
        gateway
            .viewer
            .get(&format!("brands/?page_size=100&page={page}"))
            .await
            .expect_body(404, INVALID_PAGE);
    }
    gateway.viewer.get("brands/?page=2").await.expect(200);
    gateway
        .viewer
        .get("brands/?page=2&page_size=20")
        .await
        .expect_body(404, INVALID_PAGE);
    gateway
        .viewer
        .get("brands/?page=2&search=nothing")
        .await
        .expect_body(404, INVALID_PAGE);
}

async fn invalid_parameters_are_rejected(gateway: Gateway) {
    for page in ["abc", "1.5", "1e1", "0x1", "1%202", "%F0%9F%90%91", "--1", "%00"] {
        gateway
            .viewer
            .get(&format!("brands/?page={page}"))
            .await
            .expect_rejected_parameter("page");
    }
    for kind in Kind::ALL {
        let path = list(kind);
        gateway
            .viewer
            .get(&format!("{path}?page=abc"))
            .await
            .expect_rejected_parameter("page");
        gateway
            .viewer
            .get(&format!("{path}?page_size=0"))
            .await
            .expect_rejected_parameter("page_size");
        for ordering in [
            "colour",
            "-colour",
            "--id",
            "id,colour",
            "brand",
            "category",
            "product",
            "supplier",
            "name_folded",
            "title_folded",
            "version",
            "id%20desc",
            "id;drop%20table%20brand",
            "ID",
        ] {
            gateway
                .viewer
                .get(&format!("{path}?ordering={ordering}"))
                .await
                .expect_rejected_parameter("ordering");
        }
    }
    let cases = [
        (
            "products",
            "min_price",
            &["x", "1,5", "0x1", "1_000", "NaN", "Infinity", "%00"][..],
        ),
        (
            "products",
            "max_price",
            &["x", "--1", "1.2.3", "inf", ".", "1e", "%C2%A35"],
        ),
        ("products", "category", &["x", "1.5", "true", "1,2", "%00"]),
        ("products", "brand", &["Samsung", "1e3", "[1]"]),
        ("inflows", "supplier", &["x", "null"]),
        ("inflows", "product", &["x", "0x1"]),
        ("outflows", "product", &["x", "1.0"]),
    ];
    for (collection, parameter, values) in cases {
        for value in values {
            gateway
                .viewer
                .get(&format!("{collection}/?{parameter}={value}"))
                .await
                .expect_rejected_parameter(parameter);
        }
    }
    for collection in ["inflows", "outflows"] {
        for parameter in ["date_from", "date_to"] {
            for day in [
                "x",
                "2024-02-30",
                "2023-02-29",
                "2024-13-01",
                "2024-1-5",
                "20240105",
                "05.01.2024",
                "2024-01-05T10:00:00Z",
                "0000-01-01",
                "-2024-01-05",
                "%2B2024-01-05",
                "99999-01-01",
                "%00",
                "today",
            ] {
                gateway
                    .viewer
                    .get(&format!("{collection}/?{parameter}={day}"))
                    .await
                    .expect_rejected_parameter(parameter);
            }
        }
    }
}

async fn empty_and_unknown_parameters_are_ignored(gateway: Gateway) {
    let sample = Sample::create(&gateway.root).await;
    let parameters = [
        "page",
        "page_size",
        "search",
        "ordering",
        "category",
        "brand",
        "supplier",
        "product",
        "min_price",
        "max_price",
        "date_from",
        "date_to",
    ];
    let empty = parameters.map(|parameter| format!("{parameter}=")).join("&");
    for kind in Kind::ALL {
        let path = list(kind);
        // An empty value counts as absent, and so does a name without `=`.
        assert_eq!(
            gateway.viewer.get(&format!("{path}?{empty}")).await.ids(),
            [sample.id(kind)]
        );
        let bare = format!("{path}?{}", parameters.join("&"));
        assert_eq!(gateway.viewer.get(&bare).await.ids(), [sample.id(kind)]);
        for unknown in [
            "colour=red",
            "limit=0",
            "offset=-1",
            "format=xml",
            "Page=abc",
            "page%20=abc",
            "=",
            "&&&",
            "=x",
            "%00=%00",
            "_=1",
        ] {
            assert_eq!(
                gateway.viewer.get(&format!("{path}?{unknown}")).await.ids(),
                [sample.id(kind)],
                "{unknown}"
            );
        }
    }
    // Filters of other lists are ignored as unknown parameters.
    assert_eq!(
        gateway
            .viewer
            .get("brands/?brand=x&min_price=x&date_from=x")
            .await
            .ids(),
        [sample.brand]
    );
    assert_eq!(
        gateway
            .viewer
            .get("outflows/?supplier=x&search=x&category=x")
            .await
            .ids(),
        [sample.outflow]
    );
    assert_eq!(
        gateway.viewer.get("inflows/?search=x&brand=7").await.ids(),
        [sample.inflow]
    );
    assert_eq!(
        gateway.viewer.get("products/?date_from=x&supplier=7").await.ids(),
        [sample.product]
    );
}

/// The parameters of a link, decoded.
fn parameters(link: &Value) -> Vec<(String, String)> {
    let link = link.as_str().expect("a link");
    url::Url::parse(link)
        .expect("an absolute URL")
        .query_pairs()
        .into_owned()
        .collect()
}

async fn links_keep_every_other_parameter(gateway: Gateway) {
    for number in 1..=9 {
        gateway
            .root
            .make(
                Kind::Brand,
                json!({ "name": format!("Água & Söhne + 50% #{number} ={number}") }),
            )
            .await;
    }
    let sent = [
        ("search", "ÁGUA & söhne + 50% #"),
        ("ordering", "-created_at,name"),
        ("page_size", "3"),
        ("colour", "a=b&c"),
        ("colour", "again"),
        ("empty", ""),
    ];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(sent)
        .finish();
    let middle = gateway
        .viewer
        .get(&format!("brands/?page=2&{query}"))
        .await
        .expect(200);
    assert_eq!(middle["count"], 9);
    for (link, page) in [("next", Some("3")), ("previous", None)] {
        let mut found = parameters(&middle[link]);
        let number = found
            .iter()
            .position(|(name, _)| name == "page")
            .map(|position| found.remove(position).1);
        assert_eq!(number.as_deref(), page, "{link}");
        let mut expected: Vec<_> = sent
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{link}");
    }
}

async fn links_lead_through_the_whole_list(gateway: Gateway) {
    create_brands(&gateway, 7).await;
    let follow = async |first: &str, link: &str| {
        let mut pages = Vec::new();
        let mut path = first.to_owned();
        loop {
            let response = gateway.viewer.get(&path).await;
            pages.push(response.ids());
            match response.json()[link].as_str() {
                Some(next) => {
                    path = next
                        .split_once(&gateway.address.to_string())
                        .expect("the address of the gateway")
                        .1
                        .to_owned();
                }
                None => return pages,
            }
        }
    };
    assert_eq!(
        follow("brands/?page_size=3&ordering=-id", "next").await,
        [vec![7, 6, 5], vec![4, 3, 2], vec![1]]
    );
    let backwards = follow("brands/?page_size=3&ordering=-id&page=3", "previous").await;
    assert_eq!(backwards, [vec![1], vec![4, 3, 2], vec![7, 6, 5]]);
}
