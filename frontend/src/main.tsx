import { createRoot } from "react-dom/client";
import "~/ui/tokens.css";
import { App } from "~/app/App";
import { applyTheme } from "~/app/theme";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
applyTheme();
createRoot(root).render(<App />);
