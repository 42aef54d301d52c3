/** Words for a browser that is not let in, or not any more. */
export const sign = {
  title: "This page needs its link",
  words:
    "The designer of this machine answers only to who started it. Start it again, and open the link that it shows:",
  command: "visionloom designer",
  hint: "A link works once. Afterwards the browser stays signed in.",
  ended: "This browser is not signed in any more.",
  endedWords:
    "What you did here stays on the page. To go on, open the link that this command shows, in another tab:",
  tooMany: "Close some of them. This page then goes on by itself.",
};
