/** A page that goes sends what was edited, and asks where that cannot be. */
import { useEffect } from "react";
import { useEditor } from "~/store/editor";

export function useLeaving(): void {
  useEffect(() => {
    const leave = () => useEditor.getState().flush(true);
    const ask = (event: BeforeUnloadEvent) => {
      const { flush, wouldBeLost } = useEditor.getState();
      flush();
      if (wouldBeLost()) event.preventDefault();
    };
    window.addEventListener("pagehide", leave);
    window.addEventListener("beforeunload", ask);
    return () => {
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("beforeunload", ask);
    };
  }, []);
}
