import { mount } from "svelte";
import "../theme.css";
import "../base.css";
import Workbench from "./Workbench.svelte";

mount(Workbench, { target: document.getElementById("page")! });
