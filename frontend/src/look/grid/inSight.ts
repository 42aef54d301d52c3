/** Whether what is drawn can be seen now; what is only made ready may wait. */
import { createContext } from "react";

export const InSight = createContext(true);
