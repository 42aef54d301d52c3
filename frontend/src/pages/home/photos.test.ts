import { describe, expect, test } from "vitest";
import { gathered, outline, type Photo } from "./photos";

const photo = (path: string): Photo => ({
  path,
  file: new File(["x"], path.split("/").at(-1) ?? path),
});

describe("what was chosen", () => {
  test("a folder gives its name, and paths below it", () => {
    const found = gathered([photo("pets/cat/1.jpg"), photo("pets/dog/1.jpg")], "photos");
    expect(found.name).toBe("pets");
    expect(found.photos.map((item) => item.path)).toEqual(["cat/1.jpg", "dog/1.jpg"]);
  });
  test("several folders at once are classes of photos without a name", () => {
    const found = gathered([photo("cat/1.jpg"), photo("dog/1.jpg")], "photos");
    expect(found.name).toBe("photos");
    expect(found.photos.map((item) => item.path)).toEqual(["cat/1.jpg", "dog/1.jpg"]);
  });
  test("one zip is an archive", () => {
    expect(gathered([photo("pets.zip")], "photos")).toMatchObject({ name: "pets", archive: true });
  });
  test("hidden files stay where they are", () => {
    const found = gathered([photo("pets/.DS_Store"), photo("pets/cat/1.jpg")], "photos");
    expect(found.photos.map((item) => item.path)).toEqual(["cat/1.jpg"]);
  });
});

describe("what can be said before photos leave", () => {
  test("classes are the folders that pictures lie in, also below train and val", () => {
    const found = outline(["train/cat/1.jpg", "val/cat/2.jpg", "train/dog/3.png"]);
    expect(found.classes.map(({ name, count }) => [name, count])).toEqual([
      ["cat", 2],
      ["dog", 1],
    ]);
  });
  test("what is no picture by its name is told, lists are not", () => {
    const found = outline(["cat/1.jpg", "notes.docx", "labels.csv"]);
    expect(found.others).toEqual(["notes.docx"]);
    expect(found.pictures).toBe(1);
  });
  test("pictures without a class folder are counted", () => {
    expect(outline(["1.jpg", "train/2.jpg"])).toMatchObject({ loose: 2, classes: [] });
  });
  test("numbers as class names are in the order of numbers", () => {
    expect(outline(["10/a.png", "9/a.png"]).classes.map((one) => one.name)).toEqual(["9", "10"]);
  });
});
