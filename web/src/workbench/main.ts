import { mount } from "svelte";
import "../style/theme.css";
import "../style/base.css";
import "../style/workbench.css";
import { guardDrops } from "../parts/compose/drop_guard";
import Workbench from "./Workbench.svelte";

guardDrops();
mount(Workbench, { target: document.getElementById("page")! });
