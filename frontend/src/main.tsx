import { createRoot } from "react-dom/client";
import "~/ui/tokens.css";
import { App } from "~/app/App";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no #root");
createRoot(root).render(<App />);
