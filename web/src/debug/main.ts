import { mount } from "svelte";
import "../style/theme.css";
import "../style/base.css";
import { guardDrops } from "../parts/compose/drop_guard";
import Debug from "./Debug.svelte";

guardDrops();
mount(Debug, { target: document.getElementById("page")! });
