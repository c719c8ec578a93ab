//! What a patch of strings inserts is the shortest markup that a parser makes the same nodes of. Where there was none, the whole
//! would be sent: right, and long.

use lazuli::html::strings::Mirror;
use lazuli::html::{StringView, diff};

/// So long that no patch is longer than the whole.
fn page(part: &str) -> String {
    format!("<div>{part}</div>{}", "<p>And so on.</p>".repeat(20))
}

/// The markup that the one insertion of a patch holds.
fn inserted(part: &str) -> String {
    let patch: serde_json::Value = serde_json::from_str(&diff(&page(""), &page(part))).unwrap();
    assert_eq!(
        (&patch[0], &patch[1], &patch[2], patch.as_array().unwrap().len()),
        (&(-8).into(), &2.into(), &0.into(), 4)
    );
    patch[3].as_str().unwrap().to_owned()
}

#[test]
fn each_part_is_written_so_that_it_is_parsed_again() {
    for (part, expected) in [
        ("<b>x &lt;i> &amp;amp; > y</b>", "<b>x &lt;i> &amp;amp; > y</b>"),
        ("a&#13;b", "a&#13;b"),
        ("<b hidden title=''>1</b>", "<b hidden title>1</b>"),
        ("<b title=\"a\">1</b>", "<b title=a>1</b>"),
        ("<b title=\"a&amp;b&#13;c\">1</b>", "<b title='a&amp;b&#13;c'>1</b>"),
        ("<b title=\"a b\">1</b>", "<b title='a b'>1</b>"),
        ("<b title=\"a'b\">1</b>", "<b title=\"a'b\">1</b>"),
        ("<b title='a\"b'>1</b>", "<b title='a\"b'>1</b>"),
        ("<b title='a\"&#39;b'>1</b>", "<b title=\"a&quot;'b\">1</b>"),
        ("<b title='a=b'>1</b>", "<b title='a=b'>1</b>"),
        ("<b title='<'>1</b>", "<b title='<'>1</b>"),
        ("<b title='>'>1</b>", "<b title='>'>1</b>"),
        ("<b title='`'>1</b>", "<b title='`'>1</b>"),
        ("<textarea>\n\nx</textarea>", "<textarea>\n\nx</textarea>"),
        ("<pre>\nx</pre>", "<pre>x</pre>"),
        ("<pre>\n\n<b>\nx</b></pre>", "<pre>\n\n<b>\nx</b></pre>"),
        ("<style>a > b & c {}</style>", "<style>a > b & c {}</style>"),
        ("<xmp><b>&lt;</xmp>", "<xmp><b>&lt;</xmp>"),
        ("a<br>b<img src=x><hr>c", "a<br>b<img src=x><hr>c"),
        ("<!-- c -->", "<!-- c -->"),
        ("<ul><li>1<li>2</ul>", "<ul><li>1</li><li>2</li></ul>"),
        (
            "<svg xmlns:xlink='http://www.w3.org/1999/xlink' xml:lang=en><style>a&amp;b</style><use xlink:href='#a'/></svg>",
            "<svg xml:lang=en xmlns:xlink=http://www.w3.org/1999/xlink><style>a&amp;b</style><use xlink:href=#a></use></svg>",
        ),
        ("<math><mi>x</mi></math>", "<math><mi>x</mi></math>"),
        ("<template><td>1</td></template>", "<template><td>1</td></template>"),
    ] {
        assert_eq!(inserted(part), expected, "{part}");
    }
}

/// What a page shows that follows from one to the other.
fn followed(old: &str, new: &str) -> String {
    let mut mirror = Mirror::new(&page(old));
    mirror.apply(&diff(&page(old), &page(new))).unwrap();
    mirror.html()
}

#[test]
fn attributes_of_foreign_elements_keep_their_name_spaces() {
    let svg = |link: &str, lang: &str| {
        format!(
            "<svg xmlns:xlink='http://www.w3.org/1999/xlink' xml:lang='{lang}'><use xlink:href='{link}' xlink:title='{lang}'/></svg>"
        )
    };
    assert_eq!(followed(&svg("#a", "en"), &svg("#b", "de")), Mirror::new(&page(&svg("#b", "de"))).html());
    assert_eq!(
        followed("<svg><a/></svg>", "<svg><a xlink:href='#a'/></svg>"),
        Mirror::new(&page("<svg><a xlink:href='#a'/></svg>")).html()
    );
    assert_eq!(followed("<a title=1>x</a>", "<a xml:lang=en>x</a>"), Mirror::new(&page("<a xml:lang=en>x</a>")).html());
}

#[test]
fn a_view_of_a_string_says_about_how_much_memory_it_takes() {
    let memory = |rows: usize| StringView::new(&"<p class=a>text</p>".repeat(rows)).memory();
    let (one, many) = (memory(1), memory(1_000));
    // Two nodes and an attribute for each row, and its letters.
    let each = (many - one) as f64 / 999.0;
    assert!((40.0..400.0).contains(&each), "{each} bytes a row");
    let text = |length: usize| StringView::new(&format!("<p>{}</p>", "x".repeat(length))).memory();
    assert!((text(100_000) - text(50_000)).abs_diff(50_000) < 25_000, "{}", text(100_000) - text(50_000));
}

#[test]
fn attributes_are_set_only_by_names_that_a_browser_takes() {
    let sets = |old: &str, new: &str| {
        assert_eq!(followed(old, new), Mirror::new(&page(new)).html(), "{new}");
        diff(&page(old), &page(new)).contains("-7,")
    };
    for name in ["title", "data-x", "_z", "x:y", "a.b", "a_1", ":x"] {
        assert!(sets("<b>x</b>", &format!("<b {name}=1>x</b>")), "{name}");
        assert!(sets(&format!("<b {name}=1>x</b>"), "<b>x</b>"), "{name}");
    }
    for name in ["@click", "1a", "-a", ".a", "a@b", "a(b)", "é"] {
        assert!(!sets("<b>x</b>", &format!("<b {name}=1>x</b>")), "{name}");
        assert!(sets(&format!("<b {name}=1>x</b>"), "<b>x</b>"), "{name} can be taken away");
    }
    // A new one in a name space of its own.
    assert!(!sets("<svg><a></a></svg>", "<svg><a xlink:href='#a'></a></svg>"));
    assert!(sets("<svg><a xlink:href='#b'></a></svg>", "<svg><a xlink:href='#a'></a></svg>"));
}

#[test]
fn a_style_is_sent_whole_for_a_browser_says_it_in_other_words() {
    let styled =
        |name: &str, more: &str| page(&format!("<b {name}='color: red; margin: 0; padding: 0; border: 0{more}'>x</b>"));
    assert_eq!(diff(&styled("title", ""), &styled("title", "; top: 0")), r#"[-7,3,"title",["; top: 0"]]"#);
    let whole = r#"[-7,3,"style","color: red; margin: 0; padding: 0; border: 0; top: 0"]"#;
    assert_eq!(diff(&styled("style", ""), &styled("style", "; top: 0")), whole);
    assert_eq!(diff(&page("<b>9</b>"), &page("<b>0</b>")), "[4,0]");
    assert_eq!(diff(&page("<b>9</b>"), &page("<b>00</b>")), r#"[4,"00"]"#);
}
