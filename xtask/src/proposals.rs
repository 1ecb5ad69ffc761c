//! The proposals of lungs and lesions beside the same steps written with SimpleITK: one CT, one run, one thread.

use crate::machine;
use crate::run::{Outcome, cache, command, output, root, run};

/// Prints a table: seconds of ours and of SimpleITK, their ratio, what each found, and the memory beside the CT.
pub(crate) fn proposals() -> Outcome {
    machine::python_environment()?;
    let ct = cache().join("proposals-ct.mha");
    let ours = ["bench", "--quiet", "--no-default-features", "--features", "codecs", "--bench", "proposals"];
    run(command("cargo", &ours).arg("--no-run"))?;
    let ours = output(command("cargo", &ours).arg("--").arg(&ct)).ok_or("the bench of proposals failed")?;
    let script = root().join("benches/proposals.py");
    let theirs = output(command(&machine::python().to_string_lossy(), &[]).arg(script).arg(&ct));
    let theirs = theirs.ok_or("the pipeline of SimpleITK failed")?;
    println!("| step | ours | SimpleITK | SimpleITK / ours | ours, ml | SimpleITK, ml |\n|---|---|---|---|---|---|");
    table(&ours, &theirs).iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// Lines of the table from what both programs printed, and the sum of the seconds.
fn table(ours: &str, theirs: &str) -> Vec<String> {
    let read = |text: &str| -> Vec<(String, f64, String)> {
        let words = text.lines().map(|l| l.split('\t').collect::<Vec<_>>()).filter(|w| w.len() == 3);
        words.filter_map(|w| Some((w[0].to_owned(), w[1].parse().ok()?, w[2].to_owned()))).collect()
    };
    let (ours, theirs) = (read(ours), read(theirs));
    let mut lines = Vec::new();
    let mut sums = [0.0; 2];
    for (name, value, found) in &ours {
        let Some((_, other, other_found)) = theirs.iter().find(|(n, ..)| n == name) else { continue };
        let ratio = other / value;
        if name == "memory" {
            lines.push(format!("| memory beside the CT, MiB | {value:.0} | {other:.0} | {ratio:.2} | | |"));
        } else {
            sums = [sums[0] + value, sums[1] + other];
            lines.push(format!("| {name}, s | {value:.2} | {other:.2} | {ratio:.2} | {found} | {other_found} |"));
        }
    }
    lines.push(format!("| both, s | {:.2} | {:.2} | {:.2} | | |", sums[0], sums[1], sums[1] / sums[0]));
    lines
}

#[cfg(test)]
mod tests {
    #[test]
    fn steps_are_paired_and_summed() {
        let lines = super::table(
            "lungs\t1.0\t5000\nlesions\t0.5\t30\nmemory\t200\t0\n# note\n",
            "lungs\t4.0\t5010\nlesions\t2.0\t33\nmemory\t900\t0\n",
        );
        assert_eq!(lines[0], "| lungs, s | 1.00 | 4.00 | 4.00 | 5000 | 5010 |");
        assert_eq!(lines[2], "| memory beside the CT, MiB | 200 | 900 | 4.50 | | |");
        assert_eq!(lines[3], "| both, s | 1.50 | 6.00 | 4.00 | | |");
    }
}
