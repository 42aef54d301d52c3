/** What actions say to those who do not see the canvas. */
import { useView } from "~/store/view";

export function Said() {
  const said = useView((state) => state.said);
  return (
    <p aria-live="polite" className="visually-hidden">
      {said}
    </p>
  );
}
