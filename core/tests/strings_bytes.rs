//! How many bytes a change of a string takes: what is alike is found again, with keys and without, and only the rest is sent.

use lazuli::html::diff;
use lazuli::html::strings::Mirror;

fn row(number: usize) -> String {
    format!("<li class=row><b>Name {number}</b><i title=t{number}>text</i></li>")
}

fn list(rows: &[String]) -> String {
    format!("<h1>List</h1><ul>{}</ul><p>And so on.</p>", rows.concat())
}

fn rows() -> Vec<String> {
    (0..30).map(row).collect()
}

/// The bytes of the patch, which leads where it should.
fn bytes(old: &str, new: &str) -> usize {
    let patch = diff(old, new);
    let mut mirror = Mirror::new(old);
    mirror.apply(&patch).unwrap();
    assert_eq!(mirror.html(), Mirror::new(new).html(), "{patch}");
    patch.len()
}

#[test]
fn rows_without_keys_are_found_again() {
    let at_most = |most: usize, change: &dyn Fn(&mut Vec<String>)| {
        let mut new = rows();
        change(&mut new);
        let bytes = bytes(&list(&rows()), &list(&new));
        assert!(bytes <= most, "{bytes} bytes, and it were {most}: {}", diff(&list(&rows()), &list(&new)));
    };
    at_most(11, &|rows| drop(rows.remove(15)));
    at_most(10, &|rows| drop(rows.drain(5..10)));
    at_most(66, &|rows| rows.insert(15, row(99)));
    at_most(65, &|rows| rows.insert(0, row(99)));
    at_most(66, &|rows| rows.push(row(99)));
    at_most(21, &|rows| rows.swap(3, 20));
    at_most(11, &|rows| rows.rotate_right(1));
    at_most(90, &|rows| rows.rotate_left(10));
    at_most(90, &|rows| rows.reverse());
    at_most(14, &|rows| rows[7] = rows[7].replace("text", "another"));
    at_most(23, &|rows| rows[7] = rows[7].replace("class=row", "class='row on'"));
    at_most(89, &|rows| {
        rows.remove(3);
        rows[20] = rows[20].replace("text", "another");
        rows.insert(25, row(77));
    });
    at_most(341, &|rows| rows.iter_mut().for_each(|row| *row = row.replace("text", "tekst")));
    at_most(46, &|rows| {
        rows[10] = rows[10].replace("<i", "<u>new</u><i");
        rows.insert(2, "<li>other</li>".into());
    });
    at_most(76, &|rows| {
        let moved = rows.remove(4).replace("text", "changed");
        rows.insert(22, moved);
    });
}

#[test]
fn parts_of_a_page_are_found_again() {
    let page = |top: &str, left: &str, right: &str| {
        format!("{top}<div class=left>{left}</div><div class=right>{right}</div><footer>{}</footer>", "end ".repeat(30))
    };
    let form = "<form><label>Name</label><input name=a value=1><button>Save</button></form>";
    let table = "<table><tbody><tr><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></tbody></table>";
    for (most, old, new) in [
        (23, page("", form, table), page("<p>Saved</p>", form, table)),
        (202, page("", form, table), page("", table, form)),
        (95, page("", form, ""), page("", "", form)),
        (114, page("", form, table), page("", &format!("<section>{form}</section>"), table)),
        (
            45,
            page("", form, table),
            page("", &form.replace("value=1", "value=2 disabled"), &table.replace("<td>4", "<td>four")),
        ),
        (29, page("<!-- a -->", form, table), page("<!-- b -->", &form.replace("<label>", "<!-- c --><label>"), table)),
        (28, page("a", "b <b>c</b> d", "e"), page("a", "b <b>c</b> <i>x</i> d", "e f")),
        (10, page("<h1>One</h1><h2>Two</h2>", form, table), page("<h2>Two</h2><h1>One</h1>", form, table)),
        (19, page("<p>1</p><p>2</p><p>3</p>", form, table), page("<p>3</p><p>2</p>", form, table)),
        (
            33,
            page("<p id=a>1</p><p id=b>2</p>", form, table),
            page("<p id=b>2</p><p id=c>3</p><p id=a>1</p>", form, table),
        ),
    ] {
        let bytes = bytes(&old, &new);
        assert!(bytes <= most, "{bytes} bytes, and it were {most}: {}", diff(&old, &new));
    }
}

#[test]
fn what_is_most_alike_is_paired_in_order() {
    let card = |class: &str, title: &str, parts: [&str; 3]| {
        let parts = parts.map(|part| format!("<p>{}</p>", part.repeat(12)));
        format!("<div class={class} title={title}>{}</div>", parts.concat())
    };
    let page = |cards: &[String]| format!("<h1>Cards</h1><section>{}</section>", cards.concat());
    let one = |last: &str| card("a", "one", ["alpha", "beta", last]);
    let two = |last: &str| card("b", "two", ["gamma", "delta", last]);
    let three = |last: &str| card("b", "three", ["gamma", "epsilon", last]);
    let new = card("c", "new", ["x", "y", "z"]);
    let before = [one("1"), two("2"), three("3")];
    for (most, after) in [
        (145, vec![new.clone(), one("4"), two("5"), three("6")]),
        (145, vec![one("4"), new.clone(), two("5"), three("6")]),
        (145, vec![one("4"), two("5"), new.clone(), three("6")]),
        (145, vec![one("4"), two("5"), three("6"), new.clone()]),
        (42, vec![two("5"), three("6")]),
        (42, vec![one("4"), three("6")]),
        (42, vec![one("4"), two("5")]),
        (114, vec![new.clone(), three("6")]),
        (26, vec![three("6")]),
        (171, vec![card("b", "new", ["gamma", "x", "y"]), two("5"), card("b", "three", ["x", "epsilon", "3"])]),
    ] {
        let bytes = bytes(&page(&before), &page(&after));
        assert!(bytes <= most, "{bytes} bytes, and it were {most}: {}", diff(&page(&before), &page(&after)));
    }
}

#[test]
fn many_that_are_all_changed_are_paired_nearby() {
    let rows = |from: usize, text: &str| {
        (from..100).map(|row| format!("<li>{text}<b>{row}</b>{text}</li>")).collect::<Vec<_>>()
    };
    let list = |rows: &[String]| format!("<ul>{}</ul>", rows.concat());
    let old = list(&rows(0, "some text "));
    let mut inserted = rows(0, "other text ");
    inserted.insert(50, "<li><i>between</i></li>".into());
    for (most, new) in [
        (3_559, list(&rows(0, "other text "))),
        (3_892, list(&rows(3, "other text "))),
        (3_955, list(&inserted)),
        (
            1_823,
            list(
                &rows(0, "some text ")
                    .iter()
                    .enumerate()
                    .map(|(n, row)| row.replace("some", if n % 3 == 0 { "some" } else { "a" }))
                    .collect::<Vec<_>>(),
            ),
        ),
    ] {
        let bytes = bytes(&old, &new);
        assert!(bytes <= most, "{bytes} bytes, and it were {most}: {:.300}", diff(&old, &new));
    }
}

#[test]
fn keys_name_rows_whatever_they_show() {
    let list = |rows: &[(&str, u32)], text: &str| {
        let rows = rows
            .iter()
            .map(|(attribute, key)| format!("<li {attribute}={key}><b>{text}</b><i>{text} more of it</i></li>"));
        format!("<ul>{}</ul><p>{}</p>", rows.collect::<String>(), "end ".repeat(30))
    };
    for attribute in ["id", "data-key", "key"] {
        let row = |key| (attribute, key);
        let old = list(&[row(1), row(2), row(3), row(4), row(5)], "one");
        let new = list(&[row(5), row(1), row(2), row(4)], "two");
        // One went, one moved, and eight texts are others.
        assert!(diff(&old, &new).starts_with("[-2,2,2,1,-3,2,3,0,"), "{attribute}: {}", diff(&old, &new));
        assert!(bytes(&old, &new) <= 113);
    }
}

#[test]
fn what_shows_the_same_is_found_again_across_what_stays() {
    let same = "<p class=note>A note that is there twice, word for word.</p>";
    let page = |parts: [&str; 7]| format!("<div>{}</div>", parts.concat());
    let old = page([same, same, "<h1>a</h1>", "<h2>b</h2>", "<h3>c</h3>", "", "<hr>"]);
    let new = page(["", same, "<h1>a</h1>", "<h2>b</h2>", same, "<h3>c</h3>", "<hr>"]);
    assert!(bytes(&old, &new) <= 10, "{}", diff(&old, &new));
}
