/** Every sentence a user can read, by place; a translation is another folder like this one. */
import { canvas } from "./canvas";
import { common } from "./common";
import { home } from "./home";
import { look } from "./look";
import { panel } from "./panel";
import { run } from "./run";

export const t = { canvas, common, home, look, panel, run };
