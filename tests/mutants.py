"""Make one mistake after the other in the notebook: something must notice each.

    .venv/bin/python tests/mutants.py              # nine minutes
    .venv/bin/python tests/mutants.py --exercises  # what the page's exercises promise

A mutant is a change that an author could make, store and not see. It dies if a cell raises an
error or claims.tsv is no longer true; that a stored output differs does not count. The cells that
depend on the changed one run again, but for those that train.
"""
import ast
import os
import re
import sys
import tempfile

from conftest import README, Page
from test_page import false_claims

# Pattern and replacement, at every place where a cell that does not train has the pattern.
EVERYWHERE = {
    r"\[first\]": "[first[::-1]]", r"\[chosen\]": "[chosen[::-1]]", r"\bx_test(?!,| =)": "x_valid", r"\bx_train\b(?!,)": "x_test",
    r"\breconstructions(?! =|\.png)": "pca_test", r"\bpca_test(?! =)": "reconstructions", r"\berrors\b(?! =)": "pca_errors",
    r"\bpca_errors(?! =)": "errors", r"\bplain\.": "autoencoder.", r"\bautoencoder\.": "plain.", r"\bplain_history": "history",
    r"\by_test(?! =)": "y_test[::-1]", r"\.mean\(": ".max(", r"np\.argsort\(": "np.argsort(-", r"\[::-1\]": "", r"\bcodes\b(?! =|\.)": "codes[::-1]",
    r"CODE_SIZE(?! =)": "60", r"\bhigh\[0\]": "high[1]", r"\blabel\]": "label - 1]", r"vmax=1\b": "vmax=2"}
# Old and new text; the old one stands in one cell.
ONCE = [
    ("labels == label][:3]", "labels == label][3:6]"), ('"Pullover", "Dress", "Coat"', '"Coat", "Dress", "Pullover"'),
    ("y_valid == 9][:1]", "y_valid == 9][1:2]"), ("axes[0].imshow(boot", "axes[0].imshow(output"),
    ("range(CODE_SIZE), code[0]", "range(CODE_SIZE), np.sort(code[0])"), ('"RdBu_r"', '"RdBu"'),
    ("1000 * np.square(image - original)", "1000 * np.abs(image - original)"),
    ("zip(axes, rows.items())", "zip(axes, reversed(rows.items()))"), ('["val_loss"]) - floor\n    plt', '["loss"]) - floor\n    plt'),
    ("(reconstructions - x_test)[first]", "(x_test - reconstructions)[first]"), ("first = np.unique(y_test", "first = 1 + np.unique(y_test"),
    ("class_means(values)[order]", "class_means(values)"), ("{class_novelty[c]:.3f}", "{class_means(errors)[c]:.3f}"),
    ("*rank[-4:]]", "*rank[-8:-4]]"), ("*rank[4999:5002]", "*rank[2499:2502]"), ('"Géron", 30', '"Géron", 32'),
    ('0.0054, "D"', '0.0054, "s"'), ("for y in steps[::-1, 1]", "for y in steps[:, 1]"), ('"upturned": boot[::-1]', '"upturned": boot[:, ::-1]'),
    ('"nearest": nearest(invented)', '"nearest": nearest(invented)[::-1]'), ('"invented": invented', '"invented": reconstructions[:10]'),
    ("multivariate_normal(codes.mean(axis=0), np.cov(codes.T), 10)", "permuted(codes, axis=0)[:10]"),
    ("((0, 0), (0, 0), (1, 0))", "((0, 0), (0, 0), (2, 0))"), ('astype("float32") / 255\nx_train', 'astype("float32") / 254\nx_train'),
    ("x_train, x_valid = x[:55_000], x[55_000:]", "x_train, x_valid = x[5_000:], x[:5_000]"),
    ("x_valid = x[:55_000], x[55_000:]", "x_valid = x[:55_000], x[50_000:55_000]"), ("x_test, y_test = raw[2]", "x_test, y_test = raw[2][::-1]"),
    ("binary_crossentropy(images, outputs)", "binary_crossentropy(outputs, images)"),
    ("np.argmax(images @", "np.argmin(images @"),
    ("(errors < pca_errors)", "(errors <= 2 * pca_errors)"), ("- squares / 2", "- squares"), ("step), 255)", "step), 127)"),
    ("small_decoder.predict(grid", "small_decoder.predict(grid[::-1]"),  # the rest train
    ("keras.optimizers.Muon(rate, momentum=0.9),\n                    loss", "keras.optimizers.Adam(rate),\n                    loss"),
    ('optimizer="adam", loss="binary_crossentropy")', 'optimizer="adam", loss="mse")'),
    ("small.fit(x_train, x_train", "small.fit(x_test, x_test")]
# old, new, and what section 7's excess (or another number) is then, relative to the page's
EXERCISES = [
    ("EPOCHS = 10", "EPOCHS = 30", "0.95 < (loss - floor) / excess < 1"),
    ("CODE_SIZE = 64", "CODE_SIZE = 16", "1.5 < (loss - floor) / excess < 1.75"),
    ("start_active(encoder, decoder)\nrate", "rate",
     "1.04 < (loss - floor) / excess < 1.1 and (codes.max(axis=0) == 0).any()"),
    ('momentum=0.9),\n                    loss="binary_crossentropy"', 'momentum=0.9),\n                    loss="mean_squared_error"',
     "abs(np.square(x_valid - autoencoder.predict(x_valid, verbose=0)).mean() / mse - 1) < 0.03 and 1.06 < (bce(x_valid, "
     "autoencoder.predict(x_valid, verbose=0)).mean() - floor) / excess < 1.1"),
    ('activation="relu")(image)', 'activation="relu")(keras.layers.GaussianNoise(0.3)(image))',
     "0.11 < np.square(autoencoder.predict(noisy, verbose=0) - x_valid).mean() / np.square(noisy - x_valid).mean() < 0.14"),
    ("SIZES = [64,", "SIZES = [128, 64,", "size_errors[0] > pca_size_errors[0]")]


def mutants(page):
    """Yield (cell, its changed source, what was changed)."""
    for cell, source in page.cells.items():
        for old, new in EVERYWHERE.items() if ".fit(" not in source else ():
            for hit in re.finditer(old, source):
                before, after = source[:hit.start()], source[hit.end():]
                if before.count('"""') % 2 == 0:  # not in a docstring
                    yield cell, before + new + after, f"{old} -> {new} after {before[-30:]}"
    for old, new in ONCE:
        (cell, source), = [item for item in page.cells.items() if item[1].count(old) == 1]
        yield cell, source.replace(old, new), f"{old} -> {new}"


def names_in(source):
    """Return the names that a cell assigns, and those that it reads from other cells."""
    nodes = list(ast.walk(ast.parse(source)))
    assigned = {n.name for n in nodes if isinstance(n, ast.FunctionDef)} | {
        n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return assigned, {n.id for n in nodes if isinstance(n, ast.Name)} - assigned


def notice(page, changed, source):
    """Return what notices that a cell has another source, "" if nothing does; leave the page as it was."""
    kept = [dict(d) for d in (page.names, page.figures, page.shown, page.fitted)]
    touched = names_in(page.cells[changed])[0]
    try:
        page.run(changed, source)
        for cell in list(page.cells)[list(page.cells).index(changed) + 1:]:
            assigned, read = names_in(page.cells[cell])
            if read & touched and ".fit(" not in page.cells[cell]:
                page.run(cell)
                touched |= assigned
        wrong = false_claims(page, stop=True)
        return wrong[0][0] if wrong else ""
    except Exception as error:
        return repr(error)
    finally:
        page.names, page.figures, page.shown, page.fitted = kept


def exercise(old, new, expression):
    """Return whether a page with this change runs to its end and keeps what the exercise promises."""
    page = Page()
    for cell in page.cells:
        page.run(cell, page.cells[cell].replace(old, new))
    np, x = page.names["np"], page.names["x_valid"]
    noisy = (x + np.random.default_rng(0).normal(0, 0.3, x.shape)).astype("float32")
    return eval(expression, {**page.names, "noisy": noisy, "excess": 0.02178, "mse": 0.00643})


def main():
    os.chdir(tempfile.mkdtemp())
    if "--exercises" in sys.argv:
        for row in EXERCISES:
            print("keeps its promise" if exercise(*row) else "FAILS", row[:2], flush=True)
        return
    page, results = Page(), []
    for cell in page.cells:
        page.run(cell)
    for cell, source, what in mutants(page):
        noticed = notice(page, cell, source)
        results.append((bool(noticed), "savefig" in source or cell == "plot-images"))
        print("noticed " if noticed else "SURVIVED", f"{what!r} in {cell!r} by {noticed[:70]!r}", flush=True)
    score = f"{sum(noticed for noticed, _ in results)} of {len(results)}"
    print(score, "mutants noticed,", sum(drawn for _, drawn in results), "of all in figures")
    sys.exit(not all(noticed for noticed, _ in results) or f"Score: {score}." not in README and "README has another score.")


if __name__ == "__main__":
    main()
