//! Markdown tables, so that a page can hold them as they were printed.

/// Prints a table: the first column is text, the others are figures.
pub(crate) fn print<const N: usize>(heads: [&str; N], rows: &[[String; N]]) {
    println!("\n| {} |", heads.join(" | "));
    let rule: Vec<&str> = (0..N).map(|column| if column == 0 { "---" } else { "---:" }).collect();
    println!("|{}|", rule.join("|"));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}
