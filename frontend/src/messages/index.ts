/** Every sentence a user can read, by place; a translation is another folder like this one.
 *
 * Here are those that several pages need. The others (`home`, `look`, `panel`, `run`) are imported by their
 * pages alone, so that each page loads its own. */
import { canvas } from "./canvas";
import { common } from "./common";

export const t = { canvas, common };
