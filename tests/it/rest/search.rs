//! Search: the words of a name or title in any order, ignoring case and diacritics of every alphabet.

use serde_json::json;
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;
use crate::support::samples::{LABELS, list};

on_both_databases_and_apis![
    labels_are_found_by_name,
    products_are_found_by_title,
    case_is_ignored_in_every_alphabet,
    words_match_in_any_order,
    more_than_50_words_are_rejected,
    no_character_is_special,
    empty_and_long_searches_are_accepted
];

/// The query string that searches for a text.
fn query(text: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .append_pair("search", text)
        .finish()
}

async fn names(gateway: &Gateway, kind: Kind, text: &str) -> Vec<String> {
    gateway
        .viewer
        .get(&format!("{}?{}", list(kind), query(text)))
        .await
        .texts("name")
}

async fn labels_are_found_by_name(gateway: Gateway) {
    for kind in LABELS {
        for (name, description) in [
            ("Samsung", "phones"),
            ("Sam Ash", "guitars"),
            ("LG", "Samsung's rival"),
        ] {
            gateway
                .root
                .make(kind, json!({ "name": name, "description": description }))
                .await;
        }
        assert_eq!(names(&gateway, kind, "sam").await, ["Sam Ash", "Samsung"]);
        assert_eq!(names(&gateway, kind, "SUNG").await, ["Samsung"]);
        assert_eq!(names(&gateway, kind, "\"m a\"").await, ["Sam Ash"]);
        assert_eq!(names(&gateway, kind, "g").await, ["LG", "Samsung"]);
        // Descriptions are not searched.
        assert!(names(&gateway, kind, "phones").await.is_empty());
        assert_eq!(names(&gateway, kind, "ash sam").await, ["Sam Ash"]);
    }
}

async fn products_are_found_by_title(gateway: Gateway) {
    let product = gateway.root.product("Samsung Galaxy S23", 1).await;
    let details = json!({ "description": "Flagship", "serie_number": "SN123456789" });
    gateway
        .root
        .patch(&format!("products/{product}/"), details)
        .await
        .expect(200);
    let search = async |text: &str| {
        gateway
            .viewer
            .get(&format!("products/?{}", query(text)))
            .await
            .ids()
    };
    for text in ["galaxy", "GALAXY s2", "samsung galaxy s23", "galaxy  s23", " "] {
        assert_eq!(search(text).await, [product], "{text}");
    }
    for text in ["flagship", "SN123", "a brand", "\"galaxy  s23\"", "s24"] {
        assert!(search(text).await.is_empty(), "{text}");
    }
}

async fn case_is_ignored_in_every_alphabet(gateway: Gateway) {
    let all_names = [
        "Água de Coco",
        "Straße",
        "ΟΔΟΣ",
        "Жук",
        "ÆØÅ",
        "Ünïcödé",
        "水と火",
        "İzmir",
        "ﬁsh",
        "Çelik",
    ];
    for name in all_names {
        gateway.root.make(Kind::Brand, json!({ "name": name })).await;
    }
    for (text, name) in [
        ("ÁGUA", "Água de Coco"),
        ("água", "Água de Coco"),
        ("gUA DE c", "Água de Coco"),
        ("STRASSE", "Straße"),
        ("straße", "Straße"),
        ("οδος", "ΟΔΟΣ"),
        ("οδοσ", "ΟΔΟΣ"),
        ("жУК", "Жук"),
        ("æøå", "ÆØÅ"),
        ("ÜNÏCÖDÉ", "Ünïcödé"),
        ("と", "水と火"),
        ("ﬁSH", "ﬁsh"),
        ("FISH", "ﬁsh"),
        ("çELİK", "Çelik"),
        ("agua", "Água de Coco"),
        ("A\u{301}gua", "Água de Coco"),
        ("unicode", "Ünïcödé"),
        ("izmir", "İzmir"),
        ("ızmır", "İzmir"),
        ("celık", "Çelik"),
    ] {
        assert_eq!(names(&gateway, Kind::Brand, text).await, [name], "{text}");
    }
    // Renamed objects are found by their new names.
    let path = format!(
        "brands/{}/",
        gateway
            .viewer
            .get(&format!("brands/?{}", query("жук")))
            .await
            .ids()[0]
    );
    gateway
        .root
        .patch(&path, json!({ "name": "ЩИТ" }))
        .await
        .expect(200);
    assert_eq!(names(&gateway, Kind::Brand, "щит").await, ["ЩИТ"]);
    assert!(names(&gateway, Kind::Brand, "жук").await.is_empty());
}

async fn words_match_in_any_order(gateway: Gateway) {
    for name in ["Galaxy S23 Ultra", "Ultra Galaxy", "Cafe\u{301} Ultra", "Café"] {
        gateway.root.make(Kind::Brand, json!({ "name": name })).await;
    }
    for (text, found) in [
        (
            "ultra ",
            &["Cafe\u{301} Ultra", "Galaxy S23 Ultra", "Ultra Galaxy"][..],
        ),
        ("ultra galaxy", &["Galaxy S23 Ultra", "Ultra Galaxy"]),
        ("galaxy\u{a0}\tultra", &["Galaxy S23 Ultra", "Ultra Galaxy"]),
        ("\"ultra galaxy\"", &["Ultra Galaxy"]),
        ("\"ultra \"", &["Ultra Galaxy"]),
        ("ult \"y s23\"", &["Galaxy S23 Ultra"]),
        ("café", &["Café", "Cafe\u{301} Ultra"]),
        ("cafe\u{301}", &["Café", "Cafe\u{301} Ultra"]),
        ("CAFE ultra", &["Cafe\u{301} Ultra"]),
        ("galaxy s24", &[]),
    ] {
        assert_eq!(names(&gateway, Kind::Brand, text).await, found, "{text}");
    }
}

async fn more_than_50_words_are_rejected(gateway: Gateway) {
    gateway.root.make(Kind::Brand, json!({ "name": "1 2 3" })).await;
    let words = |count: usize| (0..count).map(|word| format!("w{word} ")).collect::<String>();
    assert!(names(&gateway, Kind::Brand, &words(50)).await.is_empty());
    let path = format!("brands/?{}", query(&words(51)));
    assert_eq!(gateway.viewer.get(&path).await.status, 400);
}

async fn no_character_is_special(gateway: Gateway) {
    let all_names = [
        "100% cotton",
        "100 cotton",
        "snake_case",
        "snakecase",
        "back\\slash",
        "a*b?c[d]",
        "O'Hara \"Inc\"",
        "plus + and & amp",
    ];
    for name in all_names {
        gateway.root.make(Kind::Brand, json!({ "name": name })).await;
    }
    for (text, name) in [
        ("%", "100% cotton"),
        ("0% C", "100% cotton"),
        ("_", "snake_case"),
        ("e_c", "snake_case"),
        ("\\", "back\\slash"),
        ("k\\s", "back\\slash"),
        ("*b?c[d]", "a*b?c[d]"),
        ("o'hara \"", "O'Hara \"Inc\""),
        ("+ and &", "plus + and & amp"),
    ] {
        assert_eq!(names(&gateway, Kind::Brand, text).await, [name], "{text}");
    }
    for text in ["%%", "1%n", "s_a", "\\%", "\\_", "\\\\", ".*", "' OR ''='", "a%c"] {
        assert!(names(&gateway, Kind::Brand, text).await.is_empty(), "{text}");
    }
}

async fn empty_and_long_searches_are_accepted(gateway: Gateway) {
    gateway.root.make(Kind::Brand, json!({ "name": "Samsung" })).await;
    assert_eq!(gateway.viewer.get("brands/?search=").await.json()["count"], 1);
    assert!(names(&gateway, Kind::Brand, &"s".repeat(5_000)).await.is_empty());
    assert!(names(&gateway, Kind::Brand, &"%".repeat(5_000)).await.is_empty());
    // No name contains NUL, so no object is found.
    assert!(names(&gateway, Kind::Brand, "\u{0}").await.is_empty());
    assert!(names(&gateway, Kind::Brand, "sam\u{0}sung").await.is_empty());
}
